extension VectorMath {
  /// e^x.
  @inlinable @inline(__always)
  public static func exp(_ x: I.F32) -> I.F32 {
    let e = exponential(clamp(x, -104, 89))
    return scale(e.fraction, e.exponent)
  }

  /// e^x for x ≤ 88, with 0 for what is below the normal numbers (x < -87.33): what softmax needs, in fewer instructions.
  @inlinable @inline(__always)
  public static func expFlushed(_ x: I.F32) -> I.F32 {
    let low = I.broadcast(-87.33)
    let (n, expm1) = reduce(I.max(low, x))
    let power = I.bitsAsF32(I.addI32(I.shiftLeft(n, 23), I.broadcastI32(0x3F80_0000)))
    return I.select(I.less(x, low), I.zero(), I.mul(I.add(expm1, I.broadcast(1)), power))
  }

  /// e^x - 1 for x ≤ 80, accurate near 0.
  @inlinable @inline(__always)
  static func expm1Bounded(_ x: I.F32) -> I.F32 {
    let (n, expm1) = reduce(I.max(I.broadcast(-30), x))
    let power = I.bitsAsF32(I.addI32(I.shiftLeft(n, 23), I.broadcastI32(0x3F80_0000)))
    return I.fma(power, expm1, I.sub(power, I.broadcast(1)))
  }

  /// x where x ≥ 0, alpha · (e^(x·slope) - 1) elsewhere: ELU, and with slope = 1/alpha CELU.
  @inlinable @inline(__always)
  public static func elu(_ x: I.F32, alpha: I.F32, slope: I.F32) -> I.F32 {
    let negative = I.mul(alpha, expm1Bounded(I.min(I.zero(), I.mul(x, slope))))
    return I.select(I.less(x, I.zero()), negative, x)
  }

  /// Hyperbolic tangent: with m = e^(2·abs(x)) - 1 it is m / (m + 2), which has no cancellation.
  @inlinable @inline(__always)
  public static func tanh(_ x: I.F32) -> I.F32 {
    let bounded = I.min(I.broadcast(10), I.abs(x))
    let m = expm1Bounded(I.add(bounded, bounded))
    return copySign(I.div(m, I.add(m, I.broadcast(2))), x)
  }

  /// 1 / (1 + e^-x), by e^-abs(x) so that nothing overflows.
  @inlinable @inline(__always)
  public static func sigmoid(_ x: I.F32) -> I.F32 {
    let one = I.broadcast(1)
    let e = exp(I.neg(I.abs(x)))
    return I.div(I.select(I.less(x, I.zero()), e, one), I.add(one, e))
  }

  /// x · sigmoid(z) for a z of x's sign.
  ///
  /// For negative z the product with x comes before the scaling by a power of two: sigmoid alone would be denormal, and lose
  /// digits, where the product is not.
  @inlinable @inline(__always)
  static func timesSigmoid(_ x: I.F32, _ z: I.F32) -> I.F32 {
    let bounded = I.neg(I.min(I.broadcast(112), I.abs(z)))
    let e = exponential(bounded)
    // Where z is bounded the result is 0 for every x that can go with it.
    let tail = scale(I.mul(I.max(I.broadcast(-112), x), e.fraction), e.exponent)
    let numerator = I.select(I.less(x, I.zero()), tail, x)
    return I.div(numerator, I.add(I.broadcast(1), scale(e.fraction, e.exponent)))
  }

  /// x · sigmoid(x), also called Swish.
  @inlinable @inline(__always)
  public static func silu(_ x: I.F32) -> I.F32 { timesSigmoid(x, x) }

  /// x · (1 + tanh(√(2/π) · (x + 0.044715·x³))) / 2, as x · sigmoid of twice tanh's argument.
  @inlinable @inline(__always)
  public static func geluTanh(_ x: I.F32) -> I.F32 {
    // 2√(2/π) and 0.044715 times it.
    let bounded = clamp(x, -16, 16)
    let slope = I.fma(I.mul(bounded, bounded), I.broadcast(0x1.2444f2p-4), I.broadcast(0x1.988454p0))
    return timesSigmoid(x, I.mul(bounded, slope))
  }

  /// x · tanh(softplus(x)).
  ///
  /// With e = e^x and n = e·(e + 2) it is x · n / (n + 2).
  @inlinable @inline(__always)
  public static func mish(_ x: I.F32) -> I.F32 {
    let two = I.broadcast(2)
    let bounded = clamp(x, -112, 20)
    let parts = exponential(bounded)
    let e = scale(parts.fraction, parts.exponent)
    let n = I.mul(e, I.add(e, two))
    let negative = I.less(x, I.zero())
    let tail = I.mul(scale(I.mul(bounded, parts.fraction), parts.exponent), I.add(e, two))
    let ratio = I.div(I.select(negative, tail, n), I.add(n, two))
    return I.select(negative, ratio, I.mul(x, ratio))
  }
}
