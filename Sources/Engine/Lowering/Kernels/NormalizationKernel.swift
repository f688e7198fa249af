import Graph
import Kernels

/// Softmax and normalizations by vector kernels.
enum NormalizationKernel {
  /// `Softmax` and `LogSoftmax`: over one axis since version 13, over all axes from one on before.
  static func softmax(logarithm: Bool) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let input = context.node.inputs[0], let output = context.node.outputs[0],
        let x = plan.tensorType(of: input), x.dataType == .float32, !x.sizes.isEmpty, x.sizes.allSatisfy({ $0 > 0 })
      else { return false }
      let axis = try context.axis(
        try context.int("axis", default: context.version < 13 ? 1 : -1), rank: x.sizes.count)
      let end = context.version < 13 ? x.sizes.count : axis + 1
      let outer = x.sizes[..<axis].reduce(1, *)
      let count = x.sizes[axis..<end].reduce(1, *)
      let inner = x.sizes[end...].reduce(1, *)
      plan.append(plan.kernelName("softmax_f32"), reading: [input], writing: [output], inPlace: [0]) { frame in
        frame.kernels.softmax(
          frame.input(0), frame.output(), outer: outer, count: count, inner: inner, logarithm: logarithm)
      }
      return true
    }
  }

  /// `LayerNormalization` without its optional outputs.
  static let layerNorm: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let scale = context.node.inputs[1], let output = context.node.outputs[0],
      context.node.outputs.dropFirst().allSatisfy({ $0 == nil }), let x = plan.tensorType(of: input),
      x.dataType == .float32, x.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let axis = try context.axis(try context.int("axis", default: -1), rank: x.sizes.count)
    let normalized = Array(x.sizes[axis...])
    let parameters = [scale] + (context.hasInput(2) ? context.node.inputs[2].map { [$0] } ?? [] : [])
    guard parameters.allSatisfy({ plan.tensorType(of: $0)?.sizes == normalized }) else { return false }
    let rows = x.sizes[..<axis].reduce(1, *)
    let columns = normalized.reduce(1, *)
    let epsilon = try context.float("epsilon", default: 1e-5)
    plan.append(
      plan.kernelName("layernorm_f32"), reading: [input] + parameters, writing: [output], inPlace: [0]
    ) { frame in
      var block = LayerNormBlock(x: frame.input(0), output: frame.output())
      (block.rows, block.columns, block.epsilon) = (rows, columns, epsilon)
      block.scale = frame.input(1)
      if parameters.count > 1 { block.shift = frame.input(2) }
      frame.kernels.layerNorm(block)
    }
    return true
  }

  /// `InstanceNormalization`: every channel of every image by itself.
  static let instanceNorm: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let scale = context.node.inputs[1], let shift = context.node.inputs[2],
      let output = context.node.outputs[0], let x = plan.tensorType(of: input), x.dataType == .float32,
      x.sizes.count > 2, x.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let (batch, channels, count) = (x.sizes[0], x.sizes[1], x.sizes[2...].reduce(1, *))
    let epsilon = try context.float("epsilon", default: 1e-5)
    plan.append(
      plan.kernelName("groupnorm_f32"), reading: [input, scale, shift], writing: [output], inPlace: [0]
    ) { frame in
      frame.kernels.groupNorm(
        frame.input(0), frame.output(), batch: batch, channels: channels, count: count, groups: channels,
        scale: frame.input(1), shift: frame.input(2), epsilon: epsilon)
    }
    return true
  }

  /// `BatchNormalization` of an inference whose parameters are constants: a scale and a shift for each channel.
  static let batchNorm: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let output = context.node.outputs[0],
      context.node.outputs.dropFirst().allSatisfy({ $0 == nil }), try context.int("training_mode", default: 0) == 0,
      let x = plan.tensorType(of: input), x.dataType == .float32, x.sizes.count >= 2, x.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let parameters = (1...4).compactMap { context.constant($0)?.elements(Float.self) }
    let (batch, channels, count) = (x.sizes[0], x.sizes[1], x.sizes[2...].reduce(1, *))
    guard parameters.count == 4, parameters.allSatisfy({ $0.count == channels }) else { return false }
    let epsilon = try context.float("epsilon", default: 1e-5)
    let factors = (0..<channels).map { parameters[0][$0] / (parameters[3][$0] + epsilon).squareRoot() }
    let offsets = (0..<channels).map { parameters[1][$0] - parameters[2][$0] * factors[$0] }
    let scale = PackedWeights(factors)
    let shift = PackedWeights(offsets)
    plan.append(plan.kernelName("channel_affine_f32"), reading: [input], writing: [output], inPlace: [0]) { frame in
      frame.kernels.channelAffine(
        frame.input(0), frame.output(), batch: batch, channels: channels, count: count, scale: scale.floats,
        shift: shift.floats)
    }
    return true
  }
}
