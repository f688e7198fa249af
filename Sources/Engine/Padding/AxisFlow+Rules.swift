import Graph

extension AxisFlow {
  /// How the axes of a node's inputs go into those of its outputs: stands with the operator's lowering.
  struct Rule: Sendable {
    /// What becomes of elements.
    enum Elements {
      /// Each result depends on one element of each input, found by broadcasting.
      case computedApart
      /// All stay as they are.
      case moved
      /// Anything else.
      case mixed
    }

    let elements: Elements
    let apply: @Sendable (inout AxisFlow) -> Void

    init(_ elements: Elements = .mixed, _ apply: @escaping @Sendable (inout AxisFlow) -> Void) {
      self.elements = elements
      self.apply = apply
    }
  }
}

extension AxisFlow.Rule {
  /// Functions of one element of each input, found by broadcasting.
  static let elementwise = Self(.computedApart) { $0.flowThroughElementwise() }
  /// The input as it is.
  static let identity = Self(.moved) { $0.carryBroadcast(0) }
  /// The input under another shape.
  static let view = Self(.moved) { $0.flowThroughView() }
  /// The input with its axes in another order.
  static let transpose = Self(.moved) { $0.flowThroughTranspose() }
  /// The first input, repeated along axes that get longer.
  static let expand = Self(.moved) { $0.carryBroadcast(0) }
  /// The first input; of another only its type counts.
  static let first = Self { $0.carryBroadcast(0) }
  static let concat = Self { $0.flowThroughConcat() }
  static let split = Self { $0.flowThroughSplit() }
  static let gather = Self { $0.flowThroughGather() }
  static let gatherElements = Self { $0.flowThroughGatherElements() }
  static let slice = Self { $0.flowThroughSlice() }
  static let cumulativeSum = Self { $0.flowThroughCumulativeSum() }
  /// Normalization over an axis and all that follow.
  static let layerNormalization = Self { $0.flowAround(axis: -1, andLater: true) }
  /// Shares of the elements along an axis; before version 13, along it and all that follow.
  static let softmax = Self {
    $0.flowAround(axis: $0.node.op.version < 13 ? 1 : -1, andLater: $0.node.op.version < 13)
  }
  /// A product of matrices with what is added to it.
  static let product = Self { $0.flowThroughProduct() }
  static let projections = Self { $0.flowThroughProjections() }
  static let attention = Self { $0.flowThroughAttention() }
}

extension AxisFlow {
  /// A negative index counts from the end; nil if there is no such axis.
  private func resolved(_ axis: Int, rank: Int) -> Int? {
    let index = axis < 0 ? axis + rank : axis
    return (0..<rank).contains(index) ? index : nil
  }

  private mutating func flowThroughElementwise() {
    // Below version 7, ONNX's binary operators broadcast by an attribute.
    guard node.inputs.count == 1 || node.op.version >= 7 || !node.op.domain.isEmpty else { return }
    for input in node.inputs.indices { carryBroadcast(input) }
  }

  /// An axis survives where as many elements lie before it, and it has as many indices, as in the other shape.
  private mutating func flowThroughView() {
    guard let sizes = sizes(0), let outputSizes = outputSizes(), sizes.allSatisfy({ $0 > 0 }),
      node.op.name != "Reshape" || node.inputs.count == 2
    else { return }
    for axis in sizes.indices where sizes[axis] > 1 {
      let before = sizes[..<axis].reduce(1, *)
      let outputAxis = outputSizes.indices.first {
        outputSizes[$0] == sizes[axis] && outputSizes[..<$0].reduce(1, *) == before
      }
      if let outputAxis { carry(0, axis, to: outputAxis) }
    }
  }

  private mutating func flowThroughTranspose() {
    guard let rank = sizes(0)?.count else { return }
    for (output, input) in (node.ints("perm") ?? (0..<rank).reversed()).enumerated() { carry(0, input, to: output) }
  }

  private mutating func flowThroughConcat() {
    guard let rank = outputSizes()?.count, let joined = resolved(node.int("axis") ?? 1, rank: rank) else { return }
    for input in node.inputs.indices {
      for axis in 0..<rank where axis != joined { carry(input, axis, to: axis) }
    }
  }

  private mutating func flowThroughSplit() {
    guard let rank = sizes(0)?.count, let parted = resolved(node.int("axis") ?? 0, rank: rank) else { return }
    for output in node.outputs.indices {
      for axis in 0..<rank where axis != parted { carry(0, axis, to: axis, of: output) }
    }
  }

  /// Constant indices may select from an axis that is cut; others, such as token ids, must look up one that is not.
  private mutating func flowThroughGather() {
    guard let data = sizes(0), let indices = sizes(1), let axis = resolved(node.int("axis") ?? 0, rank: data.count)
    else {
      return
    }
    for other in data.indices where other != axis {
      carry(0, other, to: other < axis ? other : other + indices.count - 1)
    }
    for other in indices.indices { carry(1, other, to: axis + other) }
    if let numbers = constant(1), let last = numbers.max(), numbers.allSatisfy({ $0 >= 0 }), last < data[axis] {
      select(0, axis, before: last + 1)
    }
  }

  private mutating func flowThroughGatherElements() {
    guard let rank = sizes(0)?.count, let axis = resolved(node.int("axis") ?? 0, rank: rank) else { return }
    for other in 0..<rank {
      if other != axis { carry(0, other, to: other) }
      carry(1, other, to: other)
    }
  }

  private mutating func flowThroughSlice() {
    guard let data = sizes(0), let starts = constant(1), let ends = constant(2), starts.count == ends.count else {
      return
    }
    let axes = node.inputs.count > 3 && node.inputs[3] != nil ? constant(3) : Array(starts.indices)
    let steps = node.inputs.count > 4 && node.inputs[4] != nil ? constant(4) : starts.map { _ in 1 }
    guard let axes, let steps, axes.count == starts.count, steps.count == starts.count else { return }
    var sliced: Set<Int> = []
    for (number, axis) in axes.enumerated() {
      guard let axis = resolved(axis, rank: data.count) else { return }
      sliced.insert(axis)
      if starts[number] >= 0, ends[number] >= 0, ends[number] < data[axis], steps[number] > 0 {
        select(0, axis, before: ends[number])
      }
    }
    for axis in data.indices where !sliced.contains(axis) { carry(0, axis, to: axis) }
  }

  /// Sums from the front do not depend on what is cut behind.
  private mutating func flowThroughCumulativeSum() {
    guard let rank = sizes(0)?.count, let axis = constant(1)?.first.flatMap({ resolved($0, rank: rank) }) else {
      return
    }
    for other in 0..<rank where other != axis || node.int("reverse") ?? 0 == 0 { carry(0, other, to: other) }
  }

  /// The operator works along an axis, or along all from it on; each index of the others is on its own.
  private mutating func flowAround(axis: Int, andLater: Bool) {
    guard let rank = sizes(0)?.count, let first = resolved(node.int("axis") ?? axis, rank: rank) else { return }
    for other in 0..<rank where other < first || (!andLater && other != first) { carry(0, other, to: other) }
  }

  /// Rows come from A, columns from B, batches from both; a bias goes with the columns, a residual with all.
  private mutating func flowThroughProduct() {
    guard let a = sizes(0), let b = sizes(1), let output = outputSizes(), a.count >= 2, b.count >= 2 else { return }
    let (transA, transB) = (node.int("transA") == 1, node.int("transB") == 1)
    carry(0, a.count - (transA ? 1 : 2), to: output.count - 2)
    carry(1, b.count - (transB ? 2 : 1), to: output.count - 1)
    for (input, rank) in [(0, a.count), (1, b.count)] {
      for axis in 0..<rank - 2 { carry(input, axis, to: axis + output.count - rank) }
    }
    for input in node.inputs.indices.dropFirst(2) { carryBroadcast(input) }
  }

  /// Each output has its rows and batches from A, its columns from weights and a bias of its own.
  private mutating func flowThroughProjections() {
    guard let a = sizes(0), a.count >= 2 else { return }
    for output in node.outputs.indices {
      for axis in a.indices.dropLast() { carry(0, axis, to: axis, of: output) }
      carry(1 + 2 * output, node.int("transB") == 1 ? 0 : 1, to: a.count - 1, of: output)
      carry(2 + 2 * output, 0, to: a.count - 1, of: output)
    }
  }

  /// Queries go to the output; keys and values meet in sums weighted by the mask, which also has their axis.
  private mutating func flowThroughAttention() {
    guard let q = sizes(0), let k = sizes(1), let v = sizes(2), q.count == 4, k.count == 4, v.count == 4,
      let mask = node.inputs.count > 3 ? node.inputs[3] : nil, let maskSizes = sizes(3), maskSizes.count <= 4
    else { return }
    let step = node.string("layout") == "BSHD" ? 1 : 2
    let outputStep = node.string("output_layout") == "BSHD" ? 1 : 2
    carry(0, step, to: outputStep)
    guard maskSizes.last == k[step] else { return }
    hide([(1, step), (2, step), (3, maskSizes.count - 1)], by: mask)
    pair((1, step), (2, step))
    pair((1, step), (3, maskSizes.count - 1))
    if maskSizes.count > 1, maskSizes[maskSizes.count - 2] == q[step] { pair((0, step), (3, maskSizes.count - 2)) }
  }
}
