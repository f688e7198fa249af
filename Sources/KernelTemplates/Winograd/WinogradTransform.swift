/// The one-dimensional transforms of F(A - 2, 3): `A - 2` outputs of a three-tap convolution from `A` products.
///
/// A two-dimensional tile is transformed along one axis and then along the other. Products of transformed input and filter are
/// summed over the channels before the output transform, which is where the multiplications are saved: a tile of
/// (A - 2)² outputs takes A² products per channel instead of 9 (A - 2)².
///
/// | A | interpolation points | products saved |
/// | --- | --- | --- |
/// | 4 | 0, 1, -1, ∞ | 2.25 x |
/// | 6 | 0, ±√½, ±√2, ∞ | 4 x |
///
/// The points ±√½, ±√2 make the factors of even powers exact and keep the rounding error at twice the direct sum's, a quarter
/// of what the points ±1, ±2 cost (512 channels, normal weights: 3e-6 of the largest output against 1.4e-5).
///
/// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015); Barabasz et al., "Error Analysis and Improving
/// the Accuracy of Winograd Convolution for Deep Neural Networks" (2018).
public enum WinogradTransform<I: ISA, let A: Int> {
  /// As many vectors as there are products along one axis.
  public typealias Line = InlineArray<A, I.F32>

  /// √½ and √2.
  @inlinable @inline(__always)
  static var points: (Float, Float) { (0.707106781186547524, 1.41421356237309505) }

  /// Inputs to their transform.
  @inlinable @inline(__always)
  static func input(_ d: Line) -> Line {
    if A == 4 {
      var t = d
      t[0] = I.sub(d[0], d[2])
      t[1] = I.add(d[1], d[2])
      t[2] = I.sub(d[2], d[1])
      t[3] = I.sub(d[1], d[3])
      return t
    }
    let (a, b) = (I.broadcast(points.0), I.broadcast(points.1))
    let (half, two, sum) = (I.broadcast(0.5), I.broadcast(2), I.broadcast(2.5))
    let (evenA, oddA) = (I.fnma(two, d[2], d[4]), I.fnma(two, d[1], d[3]))
    let (evenB, oddB) = (I.fnma(half, d[2], d[4]), I.fnma(half, d[1], d[3]))
    var t = d
    t[0] = I.fnma(sum, d[2], I.add(d[0], d[4]))
    t[1] = I.fma(a, oddA, evenA)
    t[2] = I.fnma(a, oddA, evenA)
    t[3] = I.fma(b, oddB, evenB)
    t[4] = I.fnma(b, oddB, evenB)
    t[5] = I.fnma(sum, d[3], I.add(d[1], d[5]))
    return t
  }

  /// Three taps to their transform.
  @inlinable @inline(__always)
  static func filter(_ g0: I.F32, _ g1: I.F32, _ g2: I.F32) -> Line {
    var u = Line(repeating: g0)
    u[A - 1] = g2
    if A == 4 {
      let half = I.broadcast(0.5)
      let even = I.mul(half, I.add(g0, g2))
      u[1] = I.fma(half, g1, even)
      u[2] = I.fnma(half, g1, even)
      return u
    }
    let (a, b) = (I.broadcast(points.0 / -1.5), I.broadcast(points.1 / 6))
    let evenA = I.fma(I.broadcast(-1 / 3), g2, I.mul(I.broadcast(-2 / 3), g0))
    let evenB = I.fma(I.broadcast(1 / 3), g2, I.mul(I.broadcast(1 / 6), g0))
    u[1] = I.fma(a, g1, evenA)
    u[2] = I.fnma(a, g1, evenA)
    u[3] = I.fma(b, g1, evenB)
    u[4] = I.fnma(b, g1, evenB)
    return u
  }

  /// Sums of products to outputs: the first `A - 2` of the line.
  @inlinable @inline(__always)
  static func output(_ m: Line) -> Line {
    var y = m
    if A == 4 {
      y[0] = I.add(I.add(m[0], m[1]), m[2])
      y[1] = I.sub(I.sub(m[1], m[2]), m[3])
      return y
    }
    let (a, b) = points
    let (sumA, differenceA) = (I.add(m[1], m[2]), I.sub(m[1], m[2]))
    let (sumB, differenceB) = (I.add(m[3], m[4]), I.sub(m[3], m[4]))
    y[0] = I.add(I.add(m[0], sumA), sumB)
    y[1] = I.fma(I.broadcast(b), differenceB, I.mul(I.broadcast(a), differenceA))
    y[2] = I.fma(I.broadcast(2), sumB, I.mul(I.broadcast(0.5), sumA))
    y[3] = I.fma(I.broadcast(2 * b), differenceB, I.fma(I.broadcast(a / 2), differenceA, m[5]))
    return y
  }
}
