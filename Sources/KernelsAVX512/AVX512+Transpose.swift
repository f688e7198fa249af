import CIntrinsics

extension AVX512 {
  /// Transposes a square of sixteen by sixteen.
  ///
  /// As AVX2's, with two steps to put the quarters of vectors together.
  @inlinable @inline(__always)
  public static func transpose(
    _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int
  ) {
    let a = quarters(from, fromStride)
    let b = quarters(from + 4 * fromStride, fromStride)
    let c = quarters(from + 8 * fromStride, fromStride)
    let d = quarters(from + 12 * fromStride, fromStride)
    for i in 0..<4 {
      let abEven = isa_mm512_even_quarters_ps(a[i], b[i])
      let abOdd = isa_mm512_odd_quarters_ps(a[i], b[i])
      let cdEven = isa_mm512_even_quarters_ps(c[i], d[i])
      let cdOdd = isa_mm512_odd_quarters_ps(c[i], d[i])
      store(to + i * toStride, isa_mm512_even_quarters_ps(abEven, cdEven))
      store(to + (i + 4) * toStride, isa_mm512_even_quarters_ps(abOdd, cdOdd))
      store(to + (i + 8) * toStride, isa_mm512_odd_quarters_ps(abEven, cdEven))
      store(to + (i + 12) * toStride, isa_mm512_odd_quarters_ps(abOdd, cdOdd))
    }
  }

  /// Four rows of sixteen: quarter q of vector i holds column 4q + i.
  @inlinable @inline(__always)
  static func quarters(_ from: UnsafePointer<Float>, _ stride: Int) -> InlineArray<4, F32> {
    transposeQuads([load(from), load(from + stride), load(from + 2 * stride), load(from + 3 * stride)])
  }

  /// Interleaves pairs by element and pairs of pairs by two elements, which stays within quads.
  @inlinable @inline(__always)
  public static func transposeQuads(_ v: InlineArray<4, F32>) -> InlineArray<4, F32> {
    let ab0 = _mm512_castps_pd(_mm512_unpacklo_ps(v[0], v[1]))
    let ab1 = _mm512_castps_pd(_mm512_unpackhi_ps(v[0], v[1]))
    let cd0 = _mm512_castps_pd(_mm512_unpacklo_ps(v[2], v[3]))
    let cd1 = _mm512_castps_pd(_mm512_unpackhi_ps(v[2], v[3]))
    return [
      _mm512_castpd_ps(_mm512_unpacklo_pd(ab0, cd0)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab0, cd0)),
      _mm512_castpd_ps(_mm512_unpacklo_pd(ab1, cd1)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab1, cd1)),
    ]
  }

  /// A pair is a number of 64 bits.
  @inlinable @inline(__always)
  public static func firstPairs(_ a: F32, _ b: F32) -> F32 {
    _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
  }

  /// A pair is a number of 64 bits.
  @inlinable @inline(__always)
  public static func lastPairs(_ a: F32, _ b: F32) -> F32 {
    _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
  }
}
