import Graph

/// How the axes of a node's inputs go into those of its outputs, as the rule of its operator's lowering says.
///
/// A rule says what may be cut. An axis that it does not mention keeps its length, so an operator without a rule stops every cut.
struct AxisFlow {
  /// Index i along an axis of an input becomes index i along an axis of an output, and nothing else of that axis does.
  struct Carry {
    let input: Int
    let axis: Int
    let output: Int
    let outputAxis: Int
  }

  /// Only the first few indices of an input's axis are read.
  struct Selection {
    let input: Int
    let axis: Int
    /// Indices from here on are not read.
    let end: Int
  }

  /// Keys and values of attention: an index along their axes counts for nothing where the mask hides it.
  struct Hiding {
    let inputs: [(input: Int, axis: Int)]
    let mask: ValueID
  }

  let graph: Graph
  let node: Node
  /// What the node does to elements; nil without a rule.
  let elements: Rule.Elements?
  private(set) var carries: [Carry] = []
  private(set) var selections: [Selection] = []
  private(set) var hidings: [Hiding] = []
  /// Axes of inputs that are cut together although they meet in no output.
  private(set) var pairs: [(a: (input: Int, axis: Int), b: (input: Int, axis: Int))] = []

  init(of node: Node, in graph: Graph) {
    self.graph = graph
    self.node = node
    let rule = LoweringRegistry.standard.flow(of: node)
    elements = rule?.elements
    if !node.hasSubgraphs { rule?.apply(&self) }
  }

  /// Sizes of an input; nil if it is left out or they are not known.
  func sizes(_ input: Int) -> [Int]? { input < node.inputs.count ? graph.sizes(of: node.inputs[input]) : nil }

  /// Sizes of an output.
  func outputSizes(_ output: Int = 0) -> [Int]? {
    output < node.outputs.count ? graph.sizes(of: node.outputs[output]) : nil
  }

  /// Whole numbers of an input that is constant.
  func constant(_ input: Int) -> [Int]? {
    input < node.inputs.count ? node.inputs[input].flatMap { graph[$0].constant?.integers } : nil
  }

  /// Declares a carry; an axis that is stretched carries nothing.
  mutating func carry(_ input: Int, _ axis: Int, to outputAxis: Int, of output: Int = 0) {
    guard let sizes = sizes(input), let outputSizes = outputSizes(output), sizes.indices.contains(axis),
      outputSizes.indices.contains(outputAxis), sizes[axis] == outputSizes[outputAxis]
    else { return }
    carries.append(Carry(input: input, axis: axis, output: output, outputAxis: outputAxis))
  }

  /// Declares that an input's axes broadcast to those of the output, from the last on.
  mutating func carryBroadcast(_ input: Int) {
    guard let rank = sizes(input)?.count, let outputRank = outputSizes()?.count else { return }
    for axis in 0..<rank { carry(input, axis, to: axis + outputRank - rank) }
  }

  /// Declares that nothing of an axis is read from an index on.
  mutating func select(_ input: Int, _ axis: Int, before end: Int) {
    selections.append(Selection(input: input, axis: axis, end: end))
  }

  /// Declares that a mask decides what along axes of inputs counts.
  mutating func hide(_ inputs: [(input: Int, axis: Int)], by mask: ValueID) {
    hidings.append(Hiding(inputs: inputs, mask: mask))
  }

  /// Declares that two axes of inputs, hidden or selected, have the same indices.
  mutating func pair(_ a: (input: Int, axis: Int), _ b: (input: Int, axis: Int)) { pairs.append((a, b)) }
}

extension AxisFlow {
  /// An axis of an input.
  func axis(ofInput input: Int, _ index: Int, id: NodeID) -> Axis? {
    guard let value = node.inputs[input] else { return nil }
    let owner: Axis.Owner = graph[value].constant == nil ? .value(value) : .constant(id, input: input)
    return Axis(owner: owner, index: index)
  }

  /// Adds what the rule said, and fixes what it did not mention.
  func apply(to classes: inout AxisClasses, id: NodeID) {
    var mentioned: Set<Place> = []
    func input(_ index: Int, _ axis: Int) -> Axis? {
      mentioned.insert(Place(isInput: true, index: index, axis: axis))
      return self.axis(ofInput: index, axis, id: id)
    }
    for carry in carries {
      guard let source = input(carry.input, carry.axis), let value = node.outputs[carry.output] else { continue }
      mentioned.insert(Place(isInput: false, index: carry.output, axis: carry.outputAxis))
      classes.link(source, Axis(owner: .value(value), index: carry.outputAxis))
    }
    for selection in selections { _ = input(selection.input, selection.axis) }
    for hiding in hidings { for place in hiding.inputs { _ = input(place.input, place.axis) } }
    for pair in pairs {
      if let a = input(pair.a.input, pair.a.axis), let b = input(pair.b.input, pair.b.axis) { classes.link(a, b) }
    }
    fixOthers(than: mentioned, in: &classes, id: id)
  }

  /// An axis of a reading or a writing: a value that is read twice has two.
  private struct Place: Hashable {
    let isInput: Bool
    let index: Int
    let axis: Int
  }

  private func fixOthers(than mentioned: Set<Place>, in classes: inout AxisClasses, id: NodeID) {
    for (index, value) in node.inputs.enumerated() {
      for axis in (graph.sizes(of: value) ?? []).indices
      where !mentioned.contains(Place(isInput: true, index: index, axis: axis)) {
        if let found = self.axis(ofInput: index, axis, id: id) { classes.fix(found) }
      }
    }
    for (index, value) in node.outputs.enumerated() {
      guard let value else { continue }
      for axis in (graph.sizes(of: value) ?? []).indices
      where !mentioned.contains(Place(isInput: false, index: index, axis: axis)) {
        classes.fix(Axis(owner: .value(value), index: axis))
      }
    }
    for value in node.attributes.values.flatMap(\.subgraphs).flatMap(\.captured) {
      for axis in (graph.sizes(of: value) ?? []).indices { classes.fix(Axis(owner: .value(value), index: axis)) }
    }
  }
}
