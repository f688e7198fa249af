import Foundation
import Graph

/// A function that a recurrent cell applies, with the parameters that the node gives it.
///
/// ONNX, "RNN": names without regard to case; defaults of the operators of these names.
struct RecurrentActivation<R: RealElement>: Sendable {
  private enum Kind: String {
    case tanh, relu, sigmoid, affine, leakyrelu, thresholdedrelu, scaledtanh, hardsigmoid, elu, softsign, softplus
  }

  private let kind: Kind
  private let alpha: R
  private let beta: R

  /// Reads the activations of all cells, `perCell` for each direction.
  static func all(
    _ node: Evaluation, directions: Int, defaults: [String]
  ) throws(GraphError) -> [[RecurrentActivation]] {
    let count = directions * defaults.count
    let names = try node.context.strings("activations") ?? Array(repeating: defaults, count: directions).flatMap { $0 }
    guard names.count == count else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "activations", expected: "\(count) names", found: "\(names.count)")
    }
    var alphas = try node.context.floats("activation_alpha") ?? []
    var betas = try node.context.floats("activation_beta") ?? []
    let full = alphas.count == count
    alphas.reverse()
    betas.reverse()
    var all: [RecurrentActivation] = []
    for name in names {
      guard let kind = Kind(rawValue: name.lowercased()) else {
        throw .unsupported(
          node: node.context.name, operator: node.context.node.op, reason: "the activation '\(name)'")
      }
      let (alpha, beta) = defaultParameters(kind)
      // Parameters are listed for the functions that take some; some exporters list one for every function.
      let givenAlpha = alpha != nil || full ? alphas.popLast() : nil
      let givenBeta = beta != nil || full ? betas.popLast() : nil
      all.append(
        RecurrentActivation(kind: kind, alpha: R(givenAlpha ?? alpha ?? 0), beta: R(givenBeta ?? beta ?? 0)))
    }
    return (0..<directions).map { Array(all[($0 * defaults.count)..<(($0 + 1) * defaults.count)]) }
  }

  private static func defaultParameters(_ kind: Kind) -> (Float?, Float?) {
    switch kind {
    case .tanh, .relu, .sigmoid, .softsign, .softplus: (nil, nil)
    case .affine: (1, 0)
    case .leakyrelu: (0.01, nil)
    case .thresholdedrelu: (1, nil)
    case .scaledtanh: (1, 1)
    case .hardsigmoid: (0.2, 0.5)
    case .elu: (1, nil)
    }
  }

  /// The function of one number.
  @inline(__always)
  func callAsFunction(_ x: R) -> R {
    switch kind {
    case .tanh: R.apply(x, float: Foundation.tanh, double: Foundation.tanh)
    case .relu: x < 0 ? 0 : x
    case .sigmoid: 1 / (1 + (-x).exponential)
    case .affine: alpha * x + beta
    case .leakyrelu: x < 0 ? alpha * x : x
    case .thresholdedrelu: x > alpha ? x : 0
    case .scaledtanh: alpha * R.apply(beta * x, float: Foundation.tanh, double: Foundation.tanh)
    case .hardsigmoid: min(max(alpha * x + beta, 0), 1)
    case .elu: x < 0 ? alpha * (x.exponential - 1) : x
    case .softsign: x / (1 + x.magnitude)
    case .softplus: (1 + x.exponential).logarithm
    }
  }
}
