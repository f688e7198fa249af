import CIntrinsics

extension AVX2 {
  /// Transposes a square of eight by eight.
  ///
  /// Pairs of rows are interleaved by element, pairs of pairs by two elements, then the halves put together.
  @inlinable @inline(__always)
  public static func transpose(
    _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int
  ) {
    let low = quarters(from, fromStride)
    let high = quarters(from + 4 * fromStride, fromStride)
    // One by one: the compiler keeps a loop over the vectors a loop, and them in memory.
    columns(low[0], high[0], to, toStride)
    columns(low[1], high[1], to + toStride, toStride)
    columns(low[2], high[2], to + 2 * toStride, toStride)
    columns(low[3], high[3], to + 3 * toStride, toStride)
  }

  /// Stores columns 0 and 4 of those that the vectors' halves hold.
  @inlinable @inline(__always)
  static func columns(_ low: F32, _ high: F32, _ to: UnsafeMutablePointer<Float>, _ stride: Int) {
    store(to, isa_mm256_low_halves_ps(low, high))
    store(to + 4 * stride, isa_mm256_high_halves_ps(low, high))
  }

  /// Four rows of eight: vector i holds column i in its low half and column i + 4 in its high half.
  @inlinable @inline(__always)
  static func quarters(_ from: UnsafePointer<Float>, _ stride: Int) -> InlineArray<4, F32> {
    transposeQuads([load(from), load(from + stride), load(from + 2 * stride), load(from + 3 * stride)])
  }

  /// Interleaves pairs by element and pairs of pairs by two elements, which stays within quads.
  @inlinable @inline(__always)
  public static func transposeQuads(_ v: InlineArray<4, F32>) -> InlineArray<4, F32> {
    let ab0 = _mm256_castps_pd(_mm256_unpacklo_ps(v[0], v[1]))
    let ab1 = _mm256_castps_pd(_mm256_unpackhi_ps(v[0], v[1]))
    let cd0 = _mm256_castps_pd(_mm256_unpacklo_ps(v[2], v[3]))
    let cd1 = _mm256_castps_pd(_mm256_unpackhi_ps(v[2], v[3]))
    return [
      _mm256_castpd_ps(_mm256_unpacklo_pd(ab0, cd0)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab0, cd0)),
      _mm256_castpd_ps(_mm256_unpacklo_pd(ab1, cd1)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab1, cd1)),
    ]
  }

  /// A pair is a number of 64 bits.
  @inlinable @inline(__always)
  public static func firstPairs(_ a: F32, _ b: F32) -> F32 {
    _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)))
  }

  /// A pair is a number of 64 bits.
  @inlinable @inline(__always)
  public static func lastPairs(_ a: F32, _ b: F32) -> F32 {
    _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)))
  }
}
