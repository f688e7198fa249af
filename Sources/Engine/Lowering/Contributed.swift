import Foundation
import Graph

extension Lowering {
  /// Operators of ONNX Runtime's domain `com.microsoft` that optimized exports hold.
  static let contributed: [Lowering] = [
    Lowering("Gelu", domain: microsoft, real: ContributedGeluReference.self).flowing(.elementwise),
    Lowering("FastGelu", domain: microsoft, real: ContributedGeluReference.self).flowing(.elementwise),
    Lowering("BiasGelu", domain: microsoft, real: ContributedGeluReference.self).flowing(.elementwise),
    Lowering("QuickGelu", domain: microsoft, real: ContributedGeluReference.self).flowing(.elementwise),
    Lowering("FusedMatMul", domain: microsoft, real: FusedMatMulReference.self),
    Lowering("SkipLayerNormalization", domain: microsoft, real: ContributedSkipNormReference.self),
  ]

  private static let microsoft = "com.microsoft"
}

/// The Gaussian error linear unit in its spellings: exact, through a hyperbolic tangent, or through a sigmoid.
enum ContributedGeluReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    try AxisScale.apply(node, 1, to: &values, shape: input.shape) { $0 + $1 }
    switch node.context.node.op.name {
    case "QuickGelu":
      let alpha = R(try node.context.float("alpha", default: 1.702))
      for i in values.indices { values[i] /= 1 + (-alpha * values[i]).exponential }
    case "FastGelu": for i in values.indices { values[i] = FusedActivation.geluTanh(values[i]) }
    default: for i in values.indices { values[i] = FusedActivation.gelu(values[i]) }
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)]
  }
}

/// Layer normalization over the last axis of input + skip + bias; gives mean, inverse deviation and the sum too.
enum ContributedSkipNormReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var sums = try node.values(0, as: real)
    try AxisScale.apply(node, 1, to: &sums, shape: input.shape) { $0 + $1 }
    try AxisScale.apply(node, 4, to: &sums, shape: input.shape) { $0 + $1 }
    let scale = try node.values(2, as: real), bias = try node.optionalValues(3, as: real)
    let epsilon = R(try node.context.float("epsilon", default: 1e-12))
    let size = scale.count
    let rows = size == 0 ? 0 : sums.count / size
    var (values, means) = (sums, [R](repeating: 0, count: rows))
    var deviations = means
    for row in 0..<rows {
      let range = (row * size)..<((row + 1) * size)
      let moments = Moments(sums, range)
      means[row] = moments.mean
      deviations[row] = 1 / (moments.variance + epsilon).squareRoot()
      for i in range {
        let place = i - range.lowerBound
        values[i] = (sums[i] - moments.mean) * deviations[row] * scale[place] + (bias?[place] ?? 0)
      }
    }
    let reduced = Array(input.shape.dropLast()) + [size == 0 ? 0 : 1]
    return [
      try node.result(values, shape: input.shape, type: input.dataType),
      try node.result(means, shape: reduced, type: .float32),
      try node.result(deviations, shape: reduced, type: .float32),
      try node.result(sums, shape: input.shape, type: input.dataType),
    ]
  }
}
