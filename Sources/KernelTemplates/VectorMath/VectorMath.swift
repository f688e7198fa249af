/// Elementary functions of vectors in single precision.
///
/// Every function takes any argument: NaN gives NaN, infinities and signed zeros give the function's limits, results below
/// the smallest normal number are denormal, not flushed (`expFlushed` alone flushes). The largest error, in units in the last
/// place of the exact result, over all single-precision arguments (`VectorMathTests` sweeps them):
///
/// | function | with FMA | without |
/// | --- | --- | --- |
/// | `exp`, `expFlushed` (result normal) | 1 | 1.5 |
/// | `expm1` | 1.5 | 2 |
/// | `log` | 1 | 1 |
/// | `erf` | 1.5 | 1.5 |
/// | `tanh` | 2.5 | 3 |
/// | `sigmoid` | 2.5 | 3 |
/// | `silu` | 3.5 | 4 |
/// | `softplus` | 3 | 3.5 |
/// | `mish` | 4 | 5 |
/// | `gelu` | 7 | 7 + x² for x < 0 |
/// | `geluTanh` | 4 + 3·abs(u) for x < 0, u the argument of tanh | the same |
///
/// Polynomials are minimax, made by `Tests/reference/vector_math.py`. Arguments are reduced with constants of two parts, of
/// which the first has trailing zeros, so that its multiples are exact (Cody and Waite, "Software Manual for the Elementary
/// Functions", 1980).
public enum VectorMath<I: ISA> {
  /// An exponential that is not put together yet: fraction · 2^exponent.
  public struct Exponential {
    /// exp of the reduced argument: 0.7 to 1.42.
    public var fraction: I.F32
    /// Whole number, as an integer.
    public var exponent: I.I32

    @inlinable @inline(__always)
    init(fraction: I.F32, exponent: I.I32) {
      self.fraction = fraction
      self.exponent = exponent
    }
  }

  /// The argument of an exponential, reduced: x = n·ln 2 + r with abs(r) ≤ ln(2)/2.
  ///
  /// - Returns: n as an integer, and expm1(r). For NaN n is any number, and expm1(r) NaN.
  @inlinable @inline(__always)
  static func reduce(_ x: I.F32) -> (n: I.I32, expm1: I.F32) {
    // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
    let magic = I.broadcast(12_582_912)
    let shifted = I.fma(x, I.broadcast(0x1.715476p0), magic)
    let n = I.sub(shifted, magic)
    let r = I.fnma(n, I.broadcast(0x1.7f7d1cp-20), I.fnma(n, I.broadcast(0x1.62e4p-1), x))
    var q = I.broadcast(0x1.6ac74cp-10)
    q = I.fma(q, r, I.broadcast(0x1.123de0p-7))
    q = I.fma(q, r, I.broadcast(0x1.555858p-5))
    q = I.fma(q, r, I.broadcast(0x1.55548cp-3))
    q = I.fma(q, r, I.broadcast(0x1.fffffcp-2))
    return (I.bitsAsI32(shifted), I.fma(q, I.mul(r, r), r))
  }

  /// The exponential of an x between -180 and 180, taken apart.
  @inlinable @inline(__always)
  static func exponential(_ x: I.F32) -> Exponential {
    let (n, expm1) = reduce(x)
    // The bits above the low nine are those of 1.5 * 2^23.
    return Exponential(
      fraction: I.add(expm1, I.broadcast(1)), exponent: I.subI32(n, I.broadcastI32(0x4B40_0000)))
  }

  /// x · 2^exponent for exponents from -252 to 254, denormal or infinite where that is the result.
  @inlinable @inline(__always)
  static func scale(_ x: I.F32, _ exponent: I.I32) -> I.F32 {
    // Two factors, since one would overflow beyond 2^127 and have no normal form below 2^-126.
    let half = I.shiftRight(exponent, 1)
    return I.mul(I.mul(x, powerOfTwo(half)), powerOfTwo(I.subI32(exponent, half)))
  }

  /// 2^n for n from -126 to 127.
  @inlinable @inline(__always)
  static func powerOfTwo(_ n: I.I32) -> I.F32 {
    I.bitsAsF32(I.shiftLeft(I.addI32(n, I.broadcastI32(127)), 23))
  }

  /// `magnitude` with the sign of `sign`; the magnitude's own sign is off.
  @inlinable @inline(__always)
  static func copySign(_ magnitude: I.F32, _ sign: I.F32) -> I.F32 {
    I.or(magnitude, I.and(sign, I.broadcast(-0.0)))
  }

  /// `x` bounded to `low ... high`; NaN passes.
  @inlinable @inline(__always)
  static func clamp(_ x: I.F32, _ low: Float, _ high: Float) -> I.F32 {
    I.min(I.broadcast(high), I.max(I.broadcast(low), x))
  }
}
