extension VectorMath {
  /// log(1 + f) - f for √½ - 1 ≤ f ≤ √2 - 1, plus `rest`.
  @inlinable @inline(__always)
  static func logTail(_ f: I.F32, plus rest: I.F32) -> I.F32 {
    var p = I.broadcast(-0x1.38b552p-4)
    p = I.fma(p, f, I.broadcast(0x1.055b54p-3))
    p = I.fma(p, f, I.broadcast(-0x1.0d8540p-3))
    p = I.fma(p, f, I.broadcast(0x1.22da20p-3))
    p = I.fma(p, f, I.broadcast(-0x1.547246p-3))
    p = I.fma(p, f, I.broadcast(0x1.99a008p-3))
    p = I.fma(p, f, I.broadcast(-0x1.000226p-2))
    p = I.fma(p, f, I.broadcast(0x1.555554p-2))
    let square = I.mul(f, f)
    return I.fnma(I.broadcast(0.5), square, I.fma(p, I.mul(f, square), rest))
  }

  /// Natural logarithm: -∞ at ±0, NaN below.
  @inlinable @inline(__always)
  public static func log(_ x: I.F32) -> I.F32 {
    // Denormal arguments are brought among the normal ones.
    let denormal = I.less(x, I.broadcast(0x1p-126))
    let scaled = I.select(denormal, I.mul(x, I.broadcast(0x1p23)), x)
    let bits = I.bitsAsI32(scaled)
    // x = m * 2^k with √½ ≤ m < √2.
    let k = I.shiftRight(I.subI32(bits, I.broadcastI32(0x3F35_04F3)), 23)
    let m = I.bitsAsF32(I.subI32(bits, I.shiftLeft(k, 23)))
    let e = I.sub(I.convertToF32(k), I.select(denormal, I.broadcast(23), I.zero()))
    let f = I.sub(m, I.broadcast(1))
    let tail = logTail(f, plus: I.mul(e, I.broadcast(0x1.7f7d1cp-20)))
    let y = I.fma(e, I.broadcast(0x1.62e4p-1), I.add(f, tail))
    let finite = I.select(I.lessOrEqual(x, I.broadcast(0x1.fffffep127)), y, x)  // else +∞ or NaN
    let defined = I.select(I.less(x, I.zero()), I.broadcast(.nan), finite)
    return I.select(I.equal(x, I.zero()), I.broadcast(-.infinity), defined)
  }

  /// log(1 + e^x) = max(x, 0) + log(1 + e^-abs(x)).
  @inlinable @inline(__always)
  public static func softplus(_ x: I.F32) -> I.F32 {
    let e = exp(I.neg(I.abs(x)))
    // Beyond √2, 1 + e is 2 * (1 + (e - 1) / 2).
    let half = I.less(I.broadcast(0x1.a8279ap-2), e)
    let f = I.select(half, I.mul(I.sub(e, I.broadcast(1)), I.broadcast(0.5)), e)
    let logarithm = I.add(f, logTail(f, plus: I.select(half, I.broadcast(0x1.62e430p-1), I.zero())))
    return I.add(I.max(I.zero(), x), logarithm)
  }
}
