/// A function of one number, applied to every element of a tensor.
public enum UnaryFunction: Hashable, Sendable {
  /// An activation that kernels also take in their epilogue.
  case activation(Activation)
  /// The absolute value.
  case abs
  /// Towards +∞.
  case ceil
  /// max(0, x) + min(0, alpha · (e^(x/alpha) - 1)).
  case celu(alpha: Float)
  /// x where x ≥ 0, alpha · (e^x - 1) elsewhere.
  case elu(alpha: Float)
  /// The error function.
  case erf
  /// e^x.
  case exp
  /// Towards -∞.
  case floor
  /// Natural logarithm.
  case log
  /// x · tanh(softplus(x)).
  case mish
  /// -x.
  case negate
  /// 1/x.
  case reciprocal
  /// 1/√x.
  case reciprocalSqrt
  /// To the nearest whole number, ties to even.
  case round
  /// scale · x + shift.
  case affine(scale: Float, shift: Float)
  /// gamma · x where x > 0, gamma · alpha · (e^x - 1) elsewhere.
  case selu(alpha: Float, gamma: Float)
  /// -1, 0 or 1.
  case sign
  /// log(1 + e^x).
  case softplus
  /// x / (1 + abs(x)).
  case softsign
  /// Square root.
  case sqrt
  /// x².
  case square
  /// x³.
  case cube
  /// x where x > alpha, 0 elsewhere.
  case thresholdedRelu(alpha: Float)
}

/// Applies a function to contiguous numbers; the choice is made once per call.
public enum UnaryKernel<I: ISA> {
  /// Computes y[i] = function(x[i]).
  ///
  /// - Parameters:
  ///   - function: the function.
  ///   - x: arguments.
  ///   - y: results; may be `x` itself, and overlaps it in no other way.
  ///   - count: how many.
  @inlinable @inline(__always)
  public static func run(
    _ function: UnaryFunction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    switch function {
    case .activation(let activation):
      ActivationKernel<I>.run(
        ActivationBlock(input: x, output: y, rows: 1, columns: count, rowStride: count, activation: activation))
    case .abs: apply(Abs<I>(), x, y, count)
    case .ceil: apply(Ceil<I>(), x, y, count)
    case .celu(let alpha): apply(Elu<I>(alpha: alpha, slope: 1 / alpha), x, y, count)
    case .elu(let alpha): apply(Elu<I>(alpha: alpha, slope: 1), x, y, count)
    case .erf: apply(Erf<I>(), x, y, count)
    case .exp: apply(Exp<I>(), x, y, count)
    case .floor: apply(Floor<I>(), x, y, count)
    case .log: apply(Log<I>(), x, y, count)
    case .mish: apply(Mish<I>(), x, y, count)
    case .negate: apply(Negate<I>(), x, y, count)
    case .reciprocal: apply(Reciprocal<I>(), x, y, count)
    case .reciprocalSqrt: apply(ReciprocalSqrt<I>(), x, y, count)
    case .round: apply(Round<I>(), x, y, count)
    case .affine(let scale, let shift): apply(Affine<I>(scale: scale, shift: shift), x, y, count)
    case .selu(let alpha, let gamma): apply(Selu<I>(alpha: alpha, gamma: gamma), x, y, count)
    case .sign: apply(Sign<I>(), x, y, count)
    case .softplus: apply(Softplus<I>(), x, y, count)
    case .softsign: apply(Softsign<I>(), x, y, count)
    case .sqrt: apply(Sqrt<I>(), x, y, count)
    case .square: apply(Square<I>(), x, y, count)
    case .cube: apply(Cube<I>(), x, y, count)
    case .thresholdedRelu(let alpha): apply(ThresholdedRelu<I>(alpha: alpha), x, y, count)
    }
  }

  /// Applies a function of vectors.
  @inlinable @inline(__always)
  static func apply(
    _ function: some ActivationFunction<I>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    ActivationKernel<I>.apply(
      function,
      ActivationBlock(input: x, output: y, rows: 1, columns: count, rowStride: count, activation: .none))
  }
}
