extension Portable {
  /// Transposes a square of four by four.
  @inlinable @inline(__always)
  public static func transpose(
    _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int
  ) {
    let columns = transposeQuads([
      load(from), load(from + fromStride), load(from + 2 * fromStride), load(from + 3 * fromStride),
    ])
    for i in 0..<4 { store(to + i * toStride, columns[i]) }
  }

  /// A vector is one quad.
  @inlinable @inline(__always)
  public static func transposeQuads(_ v: InlineArray<4, F32>) -> InlineArray<4, F32> {
    let (a, b, c, d) = (v[0], v[1], v[2], v[3])
    return [
      F32(a[0], b[0], c[0], d[0]), F32(a[1], b[1], c[1], d[1]), F32(a[2], b[2], c[2], d[2]),
      F32(a[3], b[3], c[3], d[3]),
    ]
  }

  /// A vector is one quad.
  @inlinable @inline(__always)
  public static func firstPairs(_ a: F32, _ b: F32) -> F32 { F32(lowHalf: a.lowHalf, highHalf: b.lowHalf) }

  /// A vector is one quad.
  @inlinable @inline(__always)
  public static func lastPairs(_ a: F32, _ b: F32) -> F32 { F32(lowHalf: a.highHalf, highHalf: b.highHalf) }
}
