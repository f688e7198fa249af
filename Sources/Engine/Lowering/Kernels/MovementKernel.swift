import Graph
import Kernels

/// Copies of elements of any fixed-size type between layouts: `Transpose`, `Concat`, `Split`, `Slice`, `Expand`, `Gather`.
enum MovementKernel {
  /// `Transpose`.
  static let transpose: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let output = context.node.outputs[0], let x = plan.tensorType(of: input),
      let elementSize = x.dataType.wholeBytes, x.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let permutation = try context.permutation(rank: x.sizes.count)
    // Moving axes of size 1 moves no element.
    let moved = permutation.filter { x.sizes[$0] != 1 }
    if moved == moved.sorted(), plan.alias(output, to: input) { return true }
    let copy = StridedCopy(
      transposing: x.sizes, permutation: permutation, elementSize: elementSize, context: plan.kernels)
    append([copy], name: "transpose", reading: [input], writing: [output], to: &plan)
    return true
  }

  /// `Concat`: every input is copied into its part of the output.
  static let concat: Lowering.Lower = { context, plan throws(GraphError) in
    guard let output = context.node.outputs[0], let y = plan.tensorType(of: output),
      let elementSize = y.dataType.wholeBytes, y.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let axis = try context.axis(try context.int("axis"), rank: y.sizes.count)
    let strides = StridedLoops.contiguous(y.sizes)
    var copies: [OffsetCopy] = []
    var inputs: [ValueID] = []
    var position = 0
    for case let input? in context.node.inputs {
      guard let x = plan.tensorType(of: input), x.dataType == y.dataType else { return false }
      guard x.sizes.allSatisfy({ $0 > 0 }) else { continue }
      let copy = StridedCopy(
        shape: x.sizes, from: StridedLoops.contiguous(x.sizes), to: strides, elementSize: elementSize,
        context: plan.kernels)
      copies.append(
        OffsetCopy(copy: copy, read: inputs.count, to: position * strides[axis] * elementSize))
      inputs.append(input)
      position += x.sizes[axis]
    }
    append(copies, name: "concat", reading: inputs, writing: [output], to: &plan)
    return true
  }

  /// `Split`: every output is copied from its part of the input.
  static let split: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let x = plan.tensorType(of: input),
      let elementSize = x.dataType.wholeBytes, x.sizes.allSatisfy({ $0 > 0 }), !context.node.outputs.contains(nil)
    else { return false }
    let axis = try context.axis(try context.int("axis", default: 0), rank: x.sizes.count)
    let strides = StridedLoops.contiguous(x.sizes)
    let outputs = context.node.outputs.compactMap { $0 }
    var copies: [OffsetCopy] = []
    var position = 0
    for (index, output) in outputs.enumerated() {
      guard let y = plan.tensorType(of: output), y.sizes.allSatisfy({ $0 > 0 }) else { return false }
      let copy = StridedCopy(
        shape: y.sizes, from: strides, to: StridedLoops.contiguous(y.sizes), elementSize: elementSize,
        context: plan.kernels)
      copies.append(OffsetCopy(copy: copy, from: position * strides[axis] * elementSize, write: index))
      position += y.sizes[axis]
    }
    append(copies, name: "split", reading: [input], writing: outputs, to: &plan)
    return true
  }

  /// `Slice` with constant bounds, negative steps too.
  static let slice: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let output = context.node.outputs[0], let x = plan.tensorType(of: input),
      let y = plan.tensorType(of: output), let elementSize = x.dataType.wholeBytes, y.sizes.allSatisfy({ $0 > 0 }),
      let bounds = try context.sliceBounds(rank: x.sizes.count)
    else { return false }
    let contiguous = StridedLoops.contiguous(x.sizes)
    var (from, start) = (contiguous, 0)
    for (place, axis) in bounds.axes.enumerated() {
      guard
        let range = SliceRange(
          start: bounds.starts[place], end: bounds.ends[place], step: bounds.steps[place], size: x.sizes[axis]),
        range.count == y.sizes[axis]
      else { return false }
      start += range.start * contiguous[axis]
      // The step of an axis of one element may be anything, and is never taken.
      from[axis] = range.count > 1 ? contiguous[axis] * range.step : 0
    }
    let copy = StridedCopy(
      shape: y.sizes, from: from, to: StridedLoops.contiguous(y.sizes), elementSize: elementSize,
      context: plan.kernels)
    append(
      [OffsetCopy(copy: copy, from: start * elementSize)], name: "slice", reading: [input], writing: [output], to: &plan
    )
    return true
  }

  /// `Expand`: axes of size 1 are read again and again.
  static let expand: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let output = context.node.outputs[0], let x = plan.tensorType(of: input),
      let y = plan.tensorType(of: output), let elementSize = x.dataType.wholeBytes, y.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let copy = StridedCopy(
      shape: y.sizes, from: StridedLoops.broadcast(x.sizes, to: y.sizes), to: StridedLoops.contiguous(y.sizes),
      elementSize: elementSize, context: plan.kernels)
    append([OffsetCopy(copy: copy)], name: "expand", reading: [input], writing: [output], to: &plan)
    return true
  }

  /// `Gather` along any axis with indices of 32 or 64 bits.
  static let gather: Lowering.Lower = { context, plan throws(GraphError) in
    guard let data = context.node.inputs[0], let indices = context.node.inputs[1], let output = context.node.outputs[0],
      let x = plan.tensorType(of: data), let elementSize = x.dataType.wholeBytes, let i = plan.tensorType(of: indices),
      x.sizes.allSatisfy({ $0 > 0 }), i.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let axis = try context.axis(try context.int("axis", default: 0), rank: x.sizes.count)
    let gather = Gather(
      outer: x.sizes[..<axis].reduce(1, *), axisSize: x.sizes[axis],
      rowBytes: x.sizes[(axis + 1)...].reduce(1, *) * elementSize, context: plan.kernels)
    let count = i.sizes.reduce(1, *)
    let (size, node, isWide) = (x.sizes[axis], context.name, i.dataType == .int64)
    plan.append("gather", reading: [data, indices], writing: [output], atAnyAddress: [0]) { frame throws(GraphError) in
      let source = UnsafeRawPointer(frame.input(0, as: UInt8.self))
      let target = UnsafeMutableRawPointer(frame.output())
      let invalid =
        isWide
        ? gather.run(data: source, indices: frame.input(1, as: Int64.self), count: count, output: target)
        : gather.run(data: source, indices: frame.input(1, as: Int32.self), count: count, output: target)
          .map(Int64.init)
      if let invalid {
        throw .invalidValue(
          node: node, input: "indices", expected: "indices from \(-size) to \(size - 1)", found: "\(invalid)")
      }
    }
    return true
  }

  /// A copy between an input and an output, each from a place within it, in bytes.
  private struct OffsetCopy: Sendable {
    let copy: StridedCopy
    var read = 0
    var from = 0
    var write = 0
    var to = 0
  }

  private static func append(
    _ copies: [StridedCopy], name: String, reading: [ValueID], writing: [ValueID], to plan: inout PlanBuilder
  ) {
    append(copies.map { OffsetCopy(copy: $0) }, name: name, reading: reading, writing: writing, to: &plan)
  }

  private static func append(
    _ copies: [OffsetCopy], name: String, reading: [ValueID], writing: [ValueID], to plan: inout PlanBuilder
  ) {
    plan.append(name, reading: reading, writing: writing) { frame in
      for item in copies {
        item.copy.run(
          from: frame.input(item.read, as: UInt8.self) + item.from,
          to: frame.output(item.write, as: UInt8.self) + item.to)
      }
    }
  }
}

extension DataType {
  /// Bytes of an element, if they are whole.
  var wholeBytes: Int? { bitWidth >= 8 ? bitWidth / 8 : nil }
}
