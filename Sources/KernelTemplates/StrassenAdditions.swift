/// Quarters of a matrix and what they are combined to for the seven products of Strassen's algorithm.
///
/// In Winograd's form, with W and X cut into quarters and C = W · X:
///
///     product   left operand                   right operand                  C11  C12  C21  C22
///     0         W11                            X11                             +    +    +    +
///     1         W12                            X21                             +
///     2         W12 - W21 - W22 + W11          X22                                  +
///     3         W22                            X22 - X12 + X11 - X21                     -
///     4         W21 + W22                      X12 - X11                            +         +
///     5         W21 + W22 - W11                X22 - X12 + X11                      +    +    +
///     6         W11 - W21                      X22 - X12                                 +    +
///
/// Strassen, "Gaussian Elimination is not Optimal" (1969); Knuth, The Art of Computer Programming 2, section 4.6.4, exercise.
public struct StrassenQuarters {
  /// Quarters; a target may be one of them.
  public var q11: UnsafePointer<Float>, q12: UnsafePointer<Float>, q21: UnsafePointer<Float>, q22: UnsafePointer<Float>
  /// Operand of product 0.
  public var target: UnsafeMutablePointer<Float>
  /// Elements from one product's operand to the next.
  public var productStride: Int
  /// Elements of a quarter.
  public var count: Int

  /// Quarters.
  @inlinable
  public init(
    q11: UnsafePointer<Float>, q12: UnsafePointer<Float>, q21: UnsafePointer<Float>, q22: UnsafePointer<Float>,
    target: UnsafeMutablePointer<Float>, productStride: Int, count: Int
  ) {
    (self.q11, self.q12, self.q21, self.q22) = (q11, q12, q21, q22)
    (self.target, self.productStride, self.count) = (target, productStride, count)
  }
}

/// The seven products of a block, which become the four quarters of the result.
public struct StrassenProducts {
  /// Product 0; quarters 11, 12, 21, 22 take the places of products 0 to 3.
  public var products: UnsafeMutablePointer<Float>
  /// Elements from one product to the next.
  public var productStride: Int
  /// Elements of a product.
  public var count: Int

  /// Products.
  @inlinable
  public init(products: UnsafeMutablePointer<Float>, productStride: Int, count: Int) {
    (self.products, self.productStride, self.count) = (products, productStride, count)
  }
}

/// The additions of Strassen's algorithm: elementwise, however the quarters lie.
public enum StrassenAdditions<I: ISA> {
  /// Operands that W's quarters give.
  @inlinable @inline(__always)
  public static func left(_ job: borrowing StrassenQuarters) {
    let (to, stride) = (job.target, job.productStride)
    var i = 0
    while i < job.count {
      let mask = I.mask(first: job.count - i)
      let (w11, w12) = (I.load(job.q11 + i, mask), I.load(job.q12 + i, mask))
      let (w21, w22) = (I.load(job.q21 + i, mask), I.load(job.q22 + i, mask))
      let s1 = I.add(w21, w22)
      let s2 = I.sub(s1, w11)
      I.store(to + i, w11, mask)
      I.store(to + (stride + i), w12, mask)
      I.store(to + (2 * stride + i), I.sub(w12, s2), mask)
      I.store(to + (3 * stride + i), w22, mask)
      I.store(to + (4 * stride + i), s1, mask)
      I.store(to + (5 * stride + i), s2, mask)
      I.store(to + (6 * stride + i), I.sub(w11, w21), mask)
      i += I.lanes
    }
  }

  /// Operands that X's quarters give.
  @inlinable @inline(__always)
  public static func right(_ job: borrowing StrassenQuarters) {
    let (to, stride) = (job.target, job.productStride)
    var i = 0
    while i < job.count {
      let mask = I.mask(first: job.count - i)
      let (x11, x12) = (I.load(job.q11 + i, mask), I.load(job.q12 + i, mask))
      let (x21, x22) = (I.load(job.q21 + i, mask), I.load(job.q22 + i, mask))
      let t1 = I.sub(x12, x11)
      let t2 = I.sub(x22, t1)
      I.store(to + i, x11, mask)
      I.store(to + (stride + i), x21, mask)
      I.store(to + (2 * stride + i), x22, mask)
      I.store(to + (3 * stride + i), I.sub(t2, x21), mask)
      I.store(to + (4 * stride + i), t1, mask)
      I.store(to + (5 * stride + i), t2, mask)
      I.store(to + (6 * stride + i), I.sub(x22, x12), mask)
      i += I.lanes
    }
  }

  /// Quarters of C.
  @inlinable @inline(__always)
  public static func sums(_ job: borrowing StrassenProducts) {
    let (p, stride) = (job.products, job.productStride)
    var i = 0
    while i < job.count {
      let mask = I.mask(first: job.count - i)
      let (p0, p1) = (I.load(p + i, mask), I.load(p + (stride + i), mask))
      let (p2, p3) = (I.load(p + (2 * stride + i), mask), I.load(p + (3 * stride + i), mask))
      let (p4, p5) = (I.load(p + (4 * stride + i), mask), I.load(p + (5 * stride + i), mask))
      let u2 = I.add(p0, p5)
      let u3 = I.add(u2, I.load(p + (6 * stride + i), mask))
      I.store(p + i, I.add(p0, p1), mask)
      I.store(p + (stride + i), I.add(I.add(u2, p4), p2), mask)
      I.store(p + (2 * stride + i), I.sub(u3, p3), mask)
      I.store(p + (3 * stride + i), I.add(u3, p4), mask)
      i += I.lanes
    }
  }
}
