/// 1 / (1 + e^-x).
public struct Sigmoid<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.sigmoid(x) }
}

/// Hyperbolic tangent.
public struct Tanh<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.tanh(x) }
}

/// x · sigmoid(x).
public struct Silu<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.silu(x) }
}

/// x · Φ(x), exact.
public struct Gelu<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.gelu(x) }
}

/// GELU by tanh.
public struct GeluTanh<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.geluTanh(x) }
}

/// x.
public struct Identity<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { x }
}

/// The absolute value.
public struct Abs<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.abs(x) }
}

/// Towards +∞.
public struct Ceil<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.neg(I.floor(I.neg(x))) }
}

/// The error function.
public struct Erf<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.erf(x) }
}

/// e^x.
public struct Exp<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.exp(x) }
}

/// Towards -∞.
public struct Floor<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.floor(x) }
}

/// Natural logarithm.
public struct Log<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.log(x) }
}

/// x · tanh(softplus(x)).
public struct Mish<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.mish(x) }
}

/// -x.
public struct Negate<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.neg(x) }
}

/// 1/x.
public struct Reciprocal<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.div(I.broadcast(1), x) }
}

/// 1/√x.
public struct ReciprocalSqrt<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.div(I.broadcast(1), I.sqrt(x)) }
}

/// To the nearest whole number, ties to even.
public struct Round<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.round(x) }
}

/// log(1 + e^x).
public struct Softplus<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.softplus(x) }
}

/// x / (1 + abs(x)).
public struct Softsign<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.div(x, I.add(I.broadcast(1), I.abs(x))) }
}

/// Square root.
public struct Sqrt<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.sqrt(x) }
}

/// x².
public struct Square<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.mul(x, x) }
}

/// x³.
public struct Cube<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.mul(I.mul(x, x), x) }
}

/// x where x ≥ 0, alpha · (e^(slope·x) - 1) elsewhere.
public struct Elu<I: ISA>: ActivationFunction {
  @usableFromInline let alpha: I.F32
  @usableFromInline let slope: I.F32

  /// ELU with `slope` 1, CELU with 1/alpha.
  @inlinable @inline(__always)
  public init(alpha: Float, slope: Float) {
    self.alpha = I.broadcast(alpha)
    self.slope = I.broadcast(slope)
  }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { VectorMath<I>.elu(x, alpha: alpha, slope: slope) }
}

/// gamma · x where x > 0, gamma · alpha · (e^x - 1) elsewhere.
public struct Selu<I: ISA>: ActivationFunction {
  @usableFromInline let alpha: I.F32
  @usableFromInline let gamma: I.F32

  /// The limit below 0 over -gamma, and the slope above.
  @inlinable @inline(__always)
  public init(alpha: Float, gamma: Float) {
    self.alpha = I.broadcast(alpha)
    self.gamma = I.broadcast(gamma)
  }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 {
    I.mul(gamma, VectorMath<I>.elu(x, alpha: alpha, slope: I.broadcast(1)))
  }
}

/// scale · x + shift.
public struct Affine<I: ISA>: ActivationFunction {
  @usableFromInline let scale: I.F32
  @usableFromInline let shift: I.F32

  /// A line.
  @inlinable @inline(__always)
  public init(scale: Float, shift: Float) {
    self.scale = I.broadcast(scale)
    self.shift = I.broadcast(shift)
  }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.fma(scale, x, shift) }
}

/// x where x > alpha, 0 elsewhere.
public struct ThresholdedRelu<I: ISA>: ActivationFunction {
  @usableFromInline let alpha: I.F32

  /// Cuts off at `alpha`.
  @inlinable @inline(__always)
  public init(alpha: Float) {
    self.alpha = I.broadcast(alpha)
  }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.select(I.lessOrEqual(x, alpha), I.zero(), x) }
}

/// -1, 0 or 1; NaN for NaN.
public struct Sign<I: ISA>: ActivationFunction {
  /// The function.
  @inlinable @inline(__always)
  public init() {}

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 {
    let one = VectorMath<I>.copySign(I.broadcast(1), x)
    return I.select(I.less(I.zero(), I.abs(x)), one, x)
  }
}
