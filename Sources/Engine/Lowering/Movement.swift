import Graph

extension Lowering {
  /// Operators that move elements by rules that do not depend on data.
  static let movement: [Lowering] = [
    Lowering("Concat") { node throws(GraphError) in
      var tensors: [Tensor] = []
      for index in node.inputs.indices { tensors.append(try node.tensor(index)) }
      let axis = try node.context.concatAxis(rank: tensors[0].shape.count)
      return [.tensor(try Tensor.concatenated(tensors, axis: axis, in: node))]
    }.lowered(by: MovementKernel.concat).flowing(.concat),
    Lowering("Split", evaluate: split).lowered(by: MovementKernel.split).flowing(.split),
    Lowering("Slice", evaluate: slice).lowered(by: MovementKernel.slice).flowing(.slice),
    Lowering("Pad", evaluate: Pad.evaluate),
    Lowering("Tile", evaluate: tile).flowing(.expand),
    Lowering("DepthToSpace", evaluate: depthToSpace),
    Lowering("SpaceToDepth", evaluate: spaceToDepth),
    Lowering("CenterCropPad", evaluate: centerCropPad),
    Lowering("Trilu", evaluate: Triangle.evaluate),
    Lowering("ReverseSequence", evaluate: reverseSequence),
    Lowering("Col2Im", evaluate: Col2Im.evaluate),
  ]

  private static func split(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
    let sizes = try node.context.splitSizes(of: .known(input.shape[axis]))?.compactMap(\.size) ?? []
    return try input.parts(of: sizes, axis: axis).map(RuntimeValue.tensor)
  }

  private static func slice(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    guard let bounds = try node.context.sliceBounds(rank: input.shape.count) else { return [.tensor(input)] }
    var view = StridedView(shape: input.shape, strides: StridedWalk.rowMajorStrides(input.shape))
    for (place, axis) in bounds.axes.enumerated() {
      let range = SliceRange(
        start: bounds.starts[place], end: bounds.ends[place], step: bounds.steps[place], size: input.shape[axis])
      guard let range else { continue }
      view.offset += range.count == 0 ? 0 : range.start * view.strides[axis]
      view.strides[axis] = range.count <= 1 ? 0 : view.strides[axis] * range.step
      view.shape[axis] = range.count
    }
    return [.tensor(try input.copied(view))]
  }

  private static func tile(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let repeats = try node.context.integers(1) ?? []
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: input.dataType)
    let strides = StridedWalk.rowMajorStrides(input.shape)
    let view = StridedView(
      shape: zip(repeats, input.shape).flatMap { [$0, $1] }, strides: strides.flatMap { [0, $0] })
    return [.tensor(try input.copied(view).reshaped(shape))]
  }

  /// A tensor of rank 4 seen as one of rank 6, with its axes in another order.
  private static func rearranged(
    _ node: Evaluation, split: [Int], order: [Int]
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let shape = try node.outputShape()
    let strides = StridedWalk.rowMajorStrides(split)
    let view = StridedView(shape: order.map { split[$0] }, strides: order.map { strides[$0] })
    return [.tensor(try input.copied(view).reshaped(shape))]
  }

  private static func depthToSpace(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (shape, block) = (try node.tensor(0).shape, try node.context.blockSize())
    let channels = shape[1] / (block * block)
    switch try node.context.string("mode", default: "DCR") {
    case "DCR":
      return try rearranged(
        node, split: [shape[0], block, block, channels, shape[2], shape[3]], order: [0, 3, 4, 1, 5, 2])
    case "CRD":
      return try rearranged(
        node, split: [shape[0], channels, block, block, shape[2], shape[3]], order: [0, 1, 4, 2, 5, 3])
    case let other:
      throw .invalidAttribute(node: node.context.name, attribute: "mode", expected: "DCR or CRD", found: other)
    }
  }

  private static func spaceToDepth(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (shape, block) = (try node.tensor(0).shape, try node.context.blockSize())
    let split = [shape[0], shape[1], shape[2] / block, block, shape[3] / block, block]
    switch try node.context.string("mode", default: "DCR") {
    case "DCR": return try rearranged(node, split: split, order: [0, 3, 5, 1, 2, 4])
    case "CRD": return try rearranged(node, split: split, order: [0, 1, 3, 5, 2, 4])
    case let other:
      throw .invalidAttribute(node: node.context.name, attribute: "mode", expected: "DCR or CRD", found: other)
    }
  }

  private static func centerCropPad(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: input.dataType)
    var read = StridedView(shape: input.shape, strides: StridedWalk.rowMajorStrides(input.shape))
    var write = StridedView(shape: shape, strides: StridedWalk.rowMajorStrides(shape))
    for axis in shape.indices {
      let difference = shape[axis] - input.shape[axis]
      if difference < 0 {
        read.offset += -difference / 2 * read.strides[axis]
        read.shape[axis] = shape[axis]
      } else {
        write.offset += difference / 2 * write.strides[axis]
      }
    }
    return [.tensor(try .assembled(shape: shape, dataType: input.dataType, [(input, read, write)]))]
  }

  private static func reverseSequence(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let rank = input.shape.count
    let batchAxis = try node.context.axis(try node.context.int("batch_axis", default: 1), rank: rank)
    let timeAxis = try node.context.axis(try node.context.int("time_axis", default: 0), rank: rank)
    let lengths = try node.tensor(1).integers ?? []
    guard batchAxis != timeAxis, lengths.count == input.shape[batchAxis],
      lengths.allSatisfy({ (0...input.shape[timeAxis]).contains($0) })
    else {
      throw node.invalid(
        1, expected: "\(input.shape[batchAxis]) lengths of at most \(input.shape[timeAxis])", found: "\(lengths)")
    }
    let strides = StridedWalk.rowMajorStrides(input.shape)
    var parts: [(source: Tensor, read: StridedView, write: StridedView)] = []
    for (batch, length) in lengths.enumerated() {
      var front = StridedView(shape: input.shape, strides: strides, offset: batch * strides[batchAxis])
      front.shape[batchAxis] = 1
      var back = front
      front.shape[timeAxis] = length
      back.shape[timeAxis] -= length
      back.offset += length * strides[timeAxis]
      var reversed = front
      reversed.strides[timeAxis] = -strides[timeAxis]
      reversed.offset += (length - 1) * strides[timeAxis]
      if length > 0 { parts.append((input, reversed, front)) }
      parts.append((input, back, back))
    }
    return [.tensor(try .assembled(shape: input.shape, dataType: input.dataType, parts))]
  }
}

extension Tensor {
  /// Tensors one behind the other along an axis; their other sizes are equal.
  static func concatenated(_ tensors: [Tensor], axis: Int, in node: Evaluation) throws(GraphError) -> Tensor {
    var shape = tensors[0].shape
    shape[axis] = tensors.reduce(0) { $0 &+ $1.shape[axis] }
    try node.checkedCount(shape, of: tensors[0].dataType)
    let strides = StridedWalk.rowMajorStrides(shape)
    var parts: [(source: Tensor, read: StridedView, write: StridedView)] = []
    var position = 0
    for tensor in tensors {
      let read = StridedView(shape: tensor.shape, strides: StridedWalk.rowMajorStrides(tensor.shape))
      parts.append(
        (tensor, read, StridedView(shape: tensor.shape, strides: strides, offset: position * strides[axis])))
      position += tensor.shape[axis]
    }
    return try assembled(shape: shape, dataType: tensors[0].dataType, parts)
  }

  /// Consecutive parts along an axis.
  func parts(of sizes: [Int], axis: Int) throws(GraphError) -> [Tensor] {
    let strides = StridedWalk.rowMajorStrides(shape)
    var result: [Tensor] = []
    var position = 0
    for size in sizes {
      var part = shape
      part[axis] = size
      result.append(try copied(StridedView(shape: part, strides: strides, offset: position * strides[axis])))
      position += size
    }
    return result
  }
}
