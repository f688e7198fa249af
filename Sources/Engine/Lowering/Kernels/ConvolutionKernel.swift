import Graph
import Kernels

/// Convolutions by kernels: `Conv`, and `FusedConv` with residual and activation.
enum ConvolutionKernel {
  /// Whether an operator is one of these.
  static func computes(_ op: OperatorID) -> Bool {
    (op.domain, op.name) == ("", "Conv") || (op.domain, op.name) == (OperatorID.internalDomain, "FusedConv")
  }

  /// The sizes of a node's convolution; nil where no kernel computes it.
  static func shape(of context: NodeContext, in graph: Graph) throws(GraphError) -> ConvolutionShape? {
    guard let input = context.node.inputs[0], let weights = context.node.inputs[1],
      let output = context.node.outputs[0], let x = graph.tensorType(of: input), let w = graph.tensorType(of: weights),
      let y = graph.tensorType(of: output), x.dataType == .float32, (3...5).contains(w.sizes.count),
      y.sizes.allSatisfy({ $0 > 0 }), x.sizes.allSatisfy({ $0 > 0 })
    else { return nil }
    let window = try context.slidingWindow(kernel: Array(w.sizes.dropFirst(2)))
      .window(over: Array(x.sizes.dropFirst(2)), node: context.name)
    let shape = ConvolutionShape(
      batch: x.sizes[0], inputChannels: x.sizes[1], outputChannels: w.sizes[0],
      groups: try context.int("group", default: 1), input: Array(x.sizes.dropFirst(2)), kernel: window.kernel,
      stride: window.strides, dilation: window.dilations, padsBegin: window.padsBegin, padsEnd: window.padsEnd)
    try MemoryBudget.check(byteCount: shape.paddedByteCount, node: context.name)
    return shape
  }

  static let lower: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let weights = context.node.inputs[1],
      let output = context.node.outputs[0], let shape = try shape(of: context, in: plan.graph)
    else { return false }
    let choice = plan.convolutions.choice(shape)
    let convolution = Convolution(shape, algorithm: choice.algorithm, context: plan.kernels)
    let fused = try FusedReads(context, after: 2)
    let name = plan.kernelName("conv_f32_\(convolution.algorithm.rawValue)")

    let scale = context.weights(4)
    guard let constant = context.weights(1), scale != nil || !context.hasInput(4) else {
      guard !context.hasInput(4) else { return false }
      // Weights that only running tells are packed by every run, behind the kernel's own scratch memory.
      let packedOffset = (convolution.scratchBytes + 63) / 64 * 64
      plan.append(
        name, reading: [input, weights] + fused.values, writing: [output], inPlace: fused.inPlace,
        scratchByteCount: packedOffset + convolution.packedWeightBytes, macs: shape.multiplyAdds,
        measurement: choice.measurement
      ) { frame in
        let packed = frame.scratch + packedOffset
        convolution.packWeights(frame.input(1), into: packed)
        convolution.run(
          input: frame.input(0), weights: packed, output: frame.output(), epilogue: fused.epilogue(frame),
          scratch: frame.scratch)
      }
      return true
    }
    let format = "convolution \(convolution.weightFormat)"
    try MemoryBudget.check(byteCount: convolution.packedWeightBytes, node: context.name)
    let staging = plan.staging
    let packed = try plan.packedWeights(
      context, 1, scaledBy: 4, format: format, byteCount: convolution.packedWeightBytes
    ) {
      PackedWeights(constant, scaledBy: scale, byteCount: convolution.packedWeightBytes, staging: staging) {
        convolution.packWeights($0, into: $1)
      }
    }
    let constantFused = try FusedReads(context, after: 1)
    plan.append(
      name, reading: [input] + constantFused.values, writing: [output], inPlace: constantFused.inPlace,
      scratchByteCount: convolution.scratchBytes, macs: shape.multiplyAdds, measurement: choice.measurement
    ) { frame in
      convolution.run(
        input: frame.input(0), weights: packed.base, output: frame.output(), epilogue: constantFused.epilogue(frame),
        scratch: frame.scratch)
    }
    return true
  }
}
