extension Portable {
  /// Transposes a square of four by four.
  @inlinable @inline(__always)
  public static func transpose(
    _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int
  ) {
    let (a, b) = (load(from), load(from + fromStride))
    let (c, d) = (load(from + 2 * fromStride), load(from + 3 * fromStride))
    store(to, F32(a[0], b[0], c[0], d[0]))
    store(to + toStride, F32(a[1], b[1], c[1], d[1]))
    store(to + 2 * toStride, F32(a[2], b[2], c[2], d[2]))
    store(to + 3 * toStride, F32(a[3], b[3], c[3], d[3]))
  }
}
