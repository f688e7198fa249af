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
    for i in 0..<4 {
      store(to + i * toStride, isa_mm256_low_halves_ps(low[i], high[i]))
      store(to + (i + 4) * toStride, isa_mm256_high_halves_ps(low[i], high[i]))
    }
  }

  /// Four rows of eight: vector i holds column i in its low half and column i + 4 in its high half.
  @inlinable @inline(__always)
  static func quarters(_ from: UnsafePointer<Float>, _ stride: Int) -> InlineArray<4, F32> {
    let (a, b) = (load(from), load(from + stride))
    let (c, d) = (load(from + 2 * stride), load(from + 3 * stride))
    let ab0 = _mm256_castps_pd(_mm256_unpacklo_ps(a, b))
    let ab1 = _mm256_castps_pd(_mm256_unpackhi_ps(a, b))
    let cd0 = _mm256_castps_pd(_mm256_unpacklo_ps(c, d))
    let cd1 = _mm256_castps_pd(_mm256_unpackhi_ps(c, d))
    return [
      _mm256_castpd_ps(_mm256_unpacklo_pd(ab0, cd0)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab0, cd0)),
      _mm256_castpd_ps(_mm256_unpacklo_pd(ab1, cd1)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab1, cd1)),
    ]
  }
}
