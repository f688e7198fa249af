import Foundation
import Graph

extension FusedActivation {
  /// The activation of one number.
  @inline(__always)
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    switch self {
    case .none: x
    case .relu: x < 0 ? 0 : x
    case .clip(let least, let greatest): x < R(least) ? R(least) : x > R(greatest) ? R(greatest) : x
    case .leakyRelu(let slope): x < 0 ? R(slope) * x : x
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .silu: x / (1 + (-x).exponential)
    case .sigmoid: 1 / (1 + (-x).exponential)
    case .tanh: R.apply(x, float: Foundation.tanh, double: Foundation.tanh)
    case .gelu: 0.5 * x * (1 + R.apply(x * R(0.5).squareRoot(), float: Foundation.erf, double: Foundation.erf))
    case .geluTanh:
      0.5 * x
        * (1
          + R.apply(
            R(2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x), float: Foundation.tanh, double: Foundation.tanh))
    }
  }
}

/// What fused operators do to their sums: add a residual, then apply an activation.
enum FusedEpilogue {
  /// Applies it in place; the residual is an input of the result's shape.
  @inline(__always)
  static func apply<R: RealElement>(
    _ node: Evaluation, residual: Int, to values: inout [R]
  ) throws(GraphError) {
    if let residual = try node.optionalValues(residual, as: R.self) {
      for i in values.indices { values[i] += residual[i] }
    }
    let activation = try FusedActivation(of: node.context)
    if activation != .none { for i in values.indices { values[i] = activation(values[i]) } }
  }
}

/// activation(convolution with weights times the scale of each filter + bias + residual).
enum FusedConvReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    var (values, shape) = try ConvReference.sums(node, scale: 4, as: real)
    try FusedEpilogue.apply(node, residual: 3, to: &values)
    return [try node.result(values, shape: shape, type: try node.tensor(0).dataType)]
  }
}

/// activation(alpha * A * B + bias + residual); the factor is one of the operator in `com.microsoft` only.
enum FusedMatMulReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let alpha = R(try node.context.float("alpha", default: 1))
    var (values, shape) = try sums(
      node, right: 1, bias: 2, transA: try node.context.bool("transA", default: false), alpha: alpha)
    try FusedEpilogue.apply(node, residual: 3, to: &values)
    return [try node.result(values, shape: shape, type: try node.tensor(0).dataType)]
  }

  /// alpha * A * B + bias, B and the bias being inputs of these numbers.
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func sums<R: RealElement>(
    _ node: Evaluation, right: Int, bias: Int, transA: Bool = false, alpha: R = 1
  ) throws(GraphError) -> (values: [R], shape: [Int]) {
    let geometry = try MatMulGeometry(
      node, 0, right, transA: transA, transB: try node.context.bool("transB", default: false))
    var values = try MatMulReference.multiply(
      try node.values(0, as: R.self), try node.values(right, as: R.self), geometry, node)
    if alpha != 1 { for i in values.indices { values[i] *= alpha } }
    if let bias = try node.optionalValues(bias, as: R.self) {
      let columns = max(geometry.output.last ?? 1, 1)
      for i in values.indices { values[i] += bias[i % columns] }
    }
    return (values, geometry.output)
  }
}

/// A * Bᵢ + biasᵢ for each output.
enum FusedProjectionsReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    var outputs: [RuntimeValue] = []
    for output in 0..<node.outputCount {
      let (values, shape) =
        try FusedMatMulReference.sums(node, right: 1 + 2 * output, bias: 2 + 2 * output) as ([R], [Int])
      outputs.append(try node.result(values, shape: shape, type: try node.tensor(0).dataType))
    }
    return outputs
  }
}
