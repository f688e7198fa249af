extension VectorMath {
  /// The error function: a polynomial in x² below 0.921875, 1 - e^(polynomial) above.
  @inlinable @inline(__always)
  public static func erf(_ x: I.F32) -> I.F32 {
    let a = I.abs(x)
    let z = I.mul(x, x)
    var p = I.broadcast(-0x1.3a48e4p-11)
    p = I.fma(p, z, I.broadcast(0x1.474a0ep-8))
    p = I.fma(p, z, I.broadcast(-0x1.b68e66p-6))
    p = I.fma(p, z, I.broadcast(0x1.ce1ab4p-4))
    p = I.fma(p, z, I.broadcast(-0x1.8126e8p-2))
    p = I.fma(p, z, I.broadcast(0x1.06eba6p-3))
    let near = I.fma(p, x, x)

    let t = I.min(I.broadcast(3.95), a)  // beyond, erf rounds to 1
    var q = I.broadcast(-0x1.449190p-10)
    q = I.fma(q, t, I.broadcast(0x1.fb0584p-7))
    q = I.fma(q, t, I.broadcast(-0x1.73d91ep-4))
    q = I.fma(q, t, I.broadcast(-0x1.4d6fdap-1))
    q = I.fma(q, t, I.broadcast(-0x1.1ead66p0))
    q = I.fma(q, t, I.broadcast(-0x1.037e84p-9))
    let far = copySign(I.sub(I.broadcast(1), expFlushed(q)), x)
    return I.select(I.less(a, I.broadcast(0.921875)), near, far)
  }

  /// x · Φ(x) with the normal distribution function Φ(x) = (1 + erf(x/√2)) / 2, without its cancellation for negative x.
  ///
  /// Φ(-t) = e^(-t²/2) · u · P(u) with u = 1/(1 + 0.3·t), for t ≥ 0.
  @inlinable @inline(__always)
  public static func gelu(_ x: I.F32) -> I.F32 {
    let one = I.broadcast(1)
    let t = I.min(I.broadcast(14.5), I.abs(x))  // beyond, the result is x or below the denormal numbers
    let u = I.div(one, I.fma(t, I.broadcast(0.3), one))
    var p = I.broadcast(-0x1.51e8bap-6)
    p = I.fma(p, u, I.broadcast(0x1.cc8e2ep-4))
    p = I.fma(p, u, I.broadcast(-0x1.d36766p-3))
    p = I.fma(p, u, I.broadcast(0x1.88ce08p-3))
    p = I.fma(p, u, I.broadcast(-0x1.455e80p-4))
    p = I.fma(p, u, I.broadcast(0x1.89e2c4p-4))
    p = I.fma(p, u, I.broadcast(0x1.41130ep-4))
    p = I.fma(p, u, I.broadcast(0x1.c386c0p-4))
    p = I.fma(p, u, I.broadcast(0x1.e9c412p-4))
    p = I.fma(p, u, I.broadcast(0x1.ea3c98p-4))

    let half = I.broadcast(-0.5)
    let square = I.mul(t, t)
    let error = I.fma(t, t, I.neg(square))  // what t² lost to rounding; 0 without FMA
    let e = exponential(I.mul(half, square))
    let exponential = I.fma(e.fraction, I.mul(half, error), e.fraction)

    let negative = I.less(x, I.zero())
    // For negative x the product with x comes before the scaling: Φ alone is denormal below -13.
    let factor = I.select(negative, I.neg(t), one)
    let tail = scale(I.mul(I.mul(exponential, I.mul(u, p)), factor), e.exponent)
    return I.select(negative, tail, I.mul(x, I.sub(one, tail)))
  }
}
