import Graph

/// A graph in which the tokens that a mask hides change no output, so that a request may be computed as if they were not there.
///
/// The proof follows the axis of the tokens from the mask through every node (`AxisFlow`). It holds if
/// - no output of the graph has that axis, and only its first indices are selected from it, as classifiers do;
/// - sums along it are those of attention alone, in which the mask gives hidden tokens a share of exactly zero
///   (`MaskContents`); other operators keep its indices apart;
/// - all else that the axis meets is constant, so that it can be cut too.
///
/// Whatever it does not know ends it: then the graph is run whole. Results are equal but for the order of sums, and for pairs of
/// Strassen's algorithm, in which a hidden neighbour takes part; and where what hidden tokens lead to is not finite, since a share
/// of zero of that is no number.
struct PaddedGraph: Sendable {
  /// Index of the mask among the graph's inputs; its last axis is that of the tokens.
  let mask: Int
  /// Tokens of an input, real and hidden.
  let tokens: Int
  /// Tokens that must not be cut, since they are selected by their index.
  let leastTokens: Int
  /// The axis of the tokens in each input that has it.
  let inputAxes: [Int?]
  /// Runs of tokens in each input: the product of the sizes before that axis.
  let inputRows: [Int]
  /// The bytes of a one of the mask.
  let one: [UInt8]

  private let graph: Graph
  private let axes: [Axis.Owner: Set<Int>]

  /// Lengths are rounded up to a multiple of this, so that `PaddedPlans.capacity` plans serve all.
  let granularity: Int

  /// Looks for a mask whose hidden tokens change nothing; nil if there is none.
  ///
  /// - Parameter graph: optimized, with the types of all values.
  init?(_ graph: Graph) {
    guard
      graph.order.contains(where: { graph[$0].op.domain == OperatorID.internalDomain && graph[$0].isMaskedAttention })
    else { return nil }
    let flows = graph.order.map { (id: $0, flow: AxisFlow(of: graph[$0], in: graph)) }
    var classes = AxisClasses()
    for (id, flow) in flows { flow.apply(to: &classes, id: id) }
    for output in graph.outputs {
      for index in (graph.sizes(of: output) ?? []).indices {
        classes.fix(Axis(owner: .value(output), index: index))
      }
    }
    for (number, input) in graph.inputs.enumerated() {
      if let found = PaddedGraph(graph, mask: input, number: number, flows: flows, classes: classes), found.canBeCut {
        self = found
        return
      }
    }
    return nil
  }

  private init?(
    _ graph: Graph, mask: ValueID, number: Int, flows: [(id: NodeID, flow: AxisFlow)], classes: AxisClasses
  ) {
    guard let sizes = graph.sizes(of: mask), let tokens = sizes.last, sizes.allSatisfy({ $0 > 0 }) else { return nil }
    let axis = Axis(owner: .value(mask), index: sizes.count - 1)
    guard classes.isFree(axis) else { return nil }
    let granularity = Self.granularity(for: tokens)
    guard tokens > granularity,
      let leastTokens = Self.leastTokens(along: axis, of: mask, flows: flows, classes: classes, in: graph),
      leastTokens < tokens
    else { return nil }
    var axes: [Axis.Owner: Set<Int>] = [:]
    for axis in classes.linked(with: axis) { axes[axis.owner, default: []].insert(axis.index) }
    guard let inputAxes = Self.inputAxes(axes, in: graph), let one = Self.one(of: mask, in: graph) else { return nil }
    self.graph = graph
    self.axes = axes
    self.mask = number
    self.tokens = tokens
    self.granularity = granularity
    self.leastTokens = leastTokens
    self.inputAxes = inputAxes
    inputRows = zip(graph.inputs, inputAxes).map { input, axis in
      axis.flatMap { graph.sizes(of: input)?[..<$0].reduce(1, *) } ?? 1
    }
    self.one = one
  }

  /// The step between lengths: whole vectors of tokens, so that `PaddedPlans.capacity` plans serve all.
  private static func granularity(for tokens: Int) -> Int {
    (tokens + 8 * PaddedPlans.capacity - 1) / (8 * PaddedPlans.capacity) * 8
  }

  /// The tokens that are selected by their index; nil if attention does not hide the others, or not by this mask alone.
  private static func leastTokens(
    along axis: Axis, of mask: ValueID, flows: [(id: NodeID, flow: AxisFlow)], classes: AxisClasses, in graph: Graph
  ) -> Int? {
    let contents = MaskContents.follow(mask, along: axis.index, flows: flows, in: graph)
    var (leastTokens, isHidden) = (1, false)
    for (id, flow) in flows {
      func isCut(_ input: Int, _ index: Int) -> Bool {
        flow.axis(ofInput: input, index, id: id).map { classes.areLinked($0, axis) } ?? false
      }
      for selection in flow.selections where isCut(selection.input, selection.axis) {
        leastTokens = max(leastTokens, selection.end)
      }
      for hiding in flow.hidings where hiding.inputs.contains(where: { isCut($0.input, $0.axis) }) {
        guard let found = contents[hiding.mask], found.hidesScores,
          found.axis == (graph.sizes(of: hiding.mask)?.count ?? 0) - 1
        else { return nil }
        isHidden = true
      }
    }
    return isHidden ? leastTokens : nil
  }

  /// The axis of the tokens in each input; nil if an input has several, or no bytes of its own for each token.
  private static func inputAxes(_ axes: [Axis.Owner: Set<Int>], in graph: Graph) -> [Int?]? {
    var inputAxes: [Int?] = []
    for input in graph.inputs {
      let found = axes[.value(input)] ?? []
      guard found.isEmpty || found.count == 1 && graph[input].type?.dataType?.wholeBytes != nil else { return nil }
      inputAxes.append(found.first)
    }
    return inputAxes
  }

  /// The bytes of a one of the mask's type; nil for types that masks do not have.
  private static func one(of mask: ValueID, in graph: Graph) -> [UInt8]? {
    graph[mask].type?.dataType.flatMap { Tensor(one: 1, of: $0) }?.withBytes { bytes in bytes.indices.map { bytes[$0] }
    }
  }
}

// MARK: - Cutting

extension PaddedGraph {
  /// Whether all nodes take fewer tokens.
  private var canBeCut: Bool {
    guard let shortest = length(forTokens: leastTokens) else { return false }
    do throws(GraphError) {
      _ = try cut(to: shortest)
      return true
    } catch {
      return false
    }
  }

  /// The graph for inputs of fewer tokens.
  ///
  /// - Throws: `GraphError` if a node does not take what it is then given, or gives another shape than was foreseen.
  func cut(to length: Int) throws(GraphError) -> Graph {
    var cut = graph
    var slices: [Slice: ValueID] = [:]
    var shapes: [[Int]: ValueID] = [:]
    for (owner, axes) in axes {
      guard case .value(let value) = owner, case .tensor(let type, let shape?)? = graph[value].type else { continue }
      cut.setType(.tensor(type, Shape(Self.cut(shape.sizes ?? [], axes, to: length))), of: value)
    }
    let foreseen = cut
    for id in graph.order {
      cutConstants(of: id, to: length, in: &cut, &slices)
      cutShape(of: id, in: &cut, &shapes)
    }
    try ConstantFolding.inference.run(on: &cut)
    for id in graph.order {
      for case let output? in graph[id].outputs where cut[output].type != foreseen[output].type {
        throw .invalidGraph(
          node: graph[id].name,
          what: "for \(length) tokens it gives \(cut[output].type?.description ?? "nothing known"), expected "
            + "\(foreseen[output].type?.description ?? "nothing known")")
      }
    }
    cut.removeDeadNodes()
    return cut
  }

  private struct Slice: Hashable {
    let value: ValueID
    let axes: Set<Int>
  }

  private static func cut(_ sizes: [Int], _ axes: Set<Int>, to length: Int) -> [Int] {
    sizes.indices.map { axes.contains($0) ? length : sizes[$0] }
  }

  /// Slices constants before the first node that reads them.
  private func cutConstants(of id: NodeID, to length: Int, in cut: inout Graph, _ slices: inout [Slice: ValueID]) {
    for (index, input) in graph[id].inputs.enumerated() {
      guard let input, let axes = axes[.constant(id, input: index)] else { continue }
      let slice = Slice(value: input, axes: axes)
      let part = slices[slice] ?? Self.append(slice, to: length, before: id, in: &cut)
      slices[slice] = part
      cut.update(id) { $0.inputs[index] = part }
    }
  }

  private static func append(_ slice: Slice, to length: Int, before id: NodeID, in cut: inout Graph) -> ValueID {
    let name = cut.freshName(cut[slice.value].name + "_cut")
    func vector(_ suffix: String, _ numbers: [Int]) -> ValueID {
      cut.addConstant(name: cut.freshName(name + suffix), Tensor(shape: [numbers.count], numbers.map(Int64.init)))
    }
    let axes = slice.axes.sorted()
    let bounds = [
      vector("_starts", axes.map { _ in 0 }), vector("_ends", axes.map { _ in length }), vector("_axes", axes),
    ]
    return cut.append(
      OperatorID("Slice", version: 13), name: name, inputs: [slice.value] + bounds, output: name, before: id)
  }

  /// Writes the sizes that a node's output now has into its shape operand.
  private func cutShape(of id: NodeID, in cut: inout Graph, _ shapes: inout [[Int]: ValueID]) {
    let node = cut[id]
    guard node.op.domain.isEmpty, ["Reshape", "Expand"].contains(node.op.name), let output = node.outputs[0],
      axes[.value(output)] != nil, let sizes = cut.sizes(of: output)
    else { return }
    var shape = shapes[sizes]
    if shape == nil {
      shape = cut.addConstant(
        name: cut.freshName(graph[output].name + "_shape"), Tensor(shape: [sizes.count], sizes.map(Int64.init)))
      shapes[sizes] = shape
    }
    cut.update(id) { $0.inputs[1] = shape }
  }
}

extension Node {
  /// Whether it is fused attention with a mask.
  fileprivate var isMaskedAttention: Bool { op.name == "FusedAttention" && inputs.count > 3 && inputs[3] != nil }
}
