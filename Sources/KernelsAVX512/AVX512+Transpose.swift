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
    // One by one: the compiler keeps a loop over the vectors a loop, and them in memory.
    columns(a[0], b[0], c[0], d[0], to, toStride)
    columns(a[1], b[1], c[1], d[1], to + toStride, toStride)
    columns(a[2], b[2], c[2], d[2], to + 2 * toStride, toStride)
    columns(a[3], b[3], c[3], d[3], to + 3 * toStride, toStride)
  }

  /// Stores columns 0, 4, 8 and 12 of those that the vectors' quarters hold.
  @inlinable @inline(__always)
  static func columns(_ a: F32, _ b: F32, _ c: F32, _ d: F32, _ to: UnsafeMutablePointer<Float>, _ stride: Int) {
    let (abEven, abOdd) = (isa_mm512_even_quarters_ps(a, b), isa_mm512_odd_quarters_ps(a, b))
    let (cdEven, cdOdd) = (isa_mm512_even_quarters_ps(c, d), isa_mm512_odd_quarters_ps(c, d))
    store(to, isa_mm512_even_quarters_ps(abEven, cdEven))
    store(to + 4 * stride, isa_mm512_even_quarters_ps(abOdd, cdOdd))
    store(to + 8 * stride, isa_mm512_odd_quarters_ps(abEven, cdEven))
    store(to + 12 * stride, isa_mm512_odd_quarters_ps(abOdd, cdOdd))
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
