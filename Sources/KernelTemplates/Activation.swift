/// A function applied to every element of a kernel's output.
///
/// Kernels bound their results in registers (`none`, `relu`, `clip`); the others run over each finished block while it is in
/// the cache, by `ActivationKernel`.
public enum Activation: Hashable, Sendable {
  /// x.
  case none
  /// max(0, x).
  case relu
  /// min(max, max(min, x)): ReLU6 is 0 to 6.
  case clip(min: Float, max: Float)
  /// x where x ≥ 0, alpha * x elsewhere.
  case leakyRelu(alpha: Float)
  /// max(0, min(1, alpha * x + beta)).
  case hardSigmoid(alpha: Float, beta: Float)
  /// x * max(0, min(1, x / 6 + 1/2)).
  case hardSwish
  /// 1 / (1 + exp(-x)).
  case sigmoid
  /// tanh(x).
  case tanh
  /// x * sigmoid(x).
  case silu
  /// x * (1 + erf(x / √2)) / 2.
  case gelu
  /// x * (1 + tanh(√(2/π) * (x + 0.044715 * x³))) / 2.
  case geluTanh

  /// The bounds that are all that this activation does; `nil` if it does more.
  @inlinable
  public var bounds: (lower: Float, upper: Float)? {
    switch self {
    case .none: (-.infinity, .infinity)
    case .relu: (0, .infinity)
    case .clip(let min, let max): (min, max)
    default: nil
    }
  }
}

/// One activation of vectors, for `ActivationKernel`.
public protocol ActivationFunction<I>: BitwiseCopyable {
  /// Instruction set.
  associatedtype I: ISA
  /// The function's value for every lane.
  func callAsFunction(_ x: I.F32) -> I.F32
}
