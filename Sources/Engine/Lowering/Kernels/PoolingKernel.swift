import Graph
import Kernels

/// Pooling by kernels: sliding windows and whole planes.
enum PoolingKernel {
  /// `MaxPool` without its indices.
  static let max: Lowering.Lower = { context, plan throws(GraphError) in
    guard context.node.outputs.dropFirst().allSatisfy({ $0 == nil }) else { return false }
    return try append(.max, context, &plan)
  }

  /// `AveragePool`.
  static let average: Lowering.Lower = { context, plan throws(GraphError) in
    try append(.average(countIncludePad: try context.bool("count_include_pad", default: false)), context, &plan)
  }

  /// `GlobalAveragePool` and `GlobalMaxPool`.
  static func global(_ kind: GlobalPooling.Kind) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let input = context.node.inputs[0], let output = context.node.outputs[0],
        let x = plan.tensorType(of: input), x.dataType == .float32, x.sizes.count > 2, x.sizes.allSatisfy({ $0 > 0 })
      else { return false }
      let pooling = GlobalPooling(
        kind, planes: x.sizes[0] * x.sizes[1], size: x.sizes[2...].reduce(1, *), context: plan.kernels)
      plan.append(plan.kernelName("global_pool_f32"), reading: [input], writing: [output]) { frame in
        pooling.run(input: frame.input(0), output: frame.output())
      }
      return true
    }
  }

  private static func append(
    _ kind: PoolingKind, _ context: NodeContext, _ plan: inout PlanBuilder
  ) throws(GraphError) -> Bool {
    guard let input = context.node.inputs[0], let output = context.node.outputs[0], let x = plan.tensorType(of: input),
      x.dataType == .float32, (3...5).contains(x.sizes.count), x.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let spatial = Array(x.sizes[2...])
    let window = try context.slidingWindow(spatialRank: spatial.count).window(over: spatial, node: context.name)
    let shape = PoolingShape(
      planes: x.sizes[0] * x.sizes[1], input: spatial, output: window.output, kernel: window.kernel,
      stride: window.strides, dilation: window.dilations, padsBegin: window.padsBegin, padsEnd: window.padsEnd)
    try MemoryBudget.check(byteCount: shape.windowByteCount, node: context.name)
    let pooling = Pooling(kind, shape, context: plan.kernels)
    plan.append(
      plan.kernelName("pool_f32"), reading: [input], writing: [output], scratchByteCount: pooling.scratchBytes
    ) { frame in
      pooling.run(input: frame.input(0), output: frame.output(), scratch: frame.scratch)
    }
    return true
  }
}
