/// Quarters of a left operand and what they are combined to for the seven products of Strassen's algorithm.
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
public struct StrassenLeft {
  /// Quarters: 11, 12 and 22 are operands as they are.
  public var q11: UnsafePointer<Float>, q12: UnsafePointer<Float>, q21: UnsafePointer<Float>, q22: UnsafePointer<Float>
  /// Operands of products 2, 4, 5 and 6; a target may be one of the quarters.
  public var product2: UnsafeMutablePointer<Float>, product4: UnsafeMutablePointer<Float>
  public var product5: UnsafeMutablePointer<Float>, product6: UnsafeMutablePointer<Float>
  /// Elements of a quarter.
  public var count: Int

  /// Quarters and operands.
  @inlinable
  public init(
    q11: UnsafePointer<Float>, q12: UnsafePointer<Float>, q21: UnsafePointer<Float>, q22: UnsafePointer<Float>,
    product2: UnsafeMutablePointer<Float>, product4: UnsafeMutablePointer<Float>,
    product5: UnsafeMutablePointer<Float>, product6: UnsafeMutablePointer<Float>, count: Int
  ) {
    (self.q11, self.q12, self.q21, self.q22) = (q11, q12, q21, q22)
    (self.product2, self.product4, self.product5, self.product6) = (product2, product4, product5, product6)
    self.count = count
  }
}

/// Quarters of a right operand and the operands of the seven products: see `StrassenLeft`.
public struct StrassenRight {
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

/// The seven products of a block, and the four quarters of the result that they become or are added to.
public struct StrassenProducts {
  /// Product 0.
  public var products: UnsafePointer<Float>
  /// Elements from one product to the next.
  public var productStride: Int
  /// Elements of a product: whole vectors.
  public var count: Int
  /// Quarter 11, then 12, 21 and 22.
  public var quarters: UnsafeMutablePointer<Float>
  /// Elements from one quarter to the next.
  public var quarterStride: Int
  /// The quarters hold the sums of the depth before.
  public var accumulates: Bool

  /// Products and quarters.
  @inlinable
  public init(
    products: UnsafePointer<Float>, productStride: Int, count: Int, quarters: UnsafeMutablePointer<Float>,
    quarterStride: Int, accumulates: Bool
  ) {
    (self.products, self.productStride, self.count) = (products, productStride, count)
    (self.quarters, self.quarterStride, self.accumulates) = (quarters, quarterStride, accumulates)
  }
}

/// The seven products of a block [rows][columns], and the quarters of a row-major result that they become.
///
/// Row i of the upper quarters is row 2i of the result, row i of the lower ones row 2i + 1:
/// result = clip(sum + before + bias + residual).
public struct StrassenResult {
  /// Product 0.
  public var products: UnsafePointer<Float>
  /// Elements from one product to the next.
  public var productStride: Int
  /// Rows of the upper quarters, and of the lower ones, which may lack the last.
  public var rows: Int, lowerRows: Int
  /// Columns of a quarter: whole vectors.
  public var columns: Int
  /// First element of the result's upper left quarter.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one row of the result, and of the residual, to the next.
  public var rowStride: Int
  /// Elements from a column of the left quarters to that of the right ones.
  public var columnStride: Int
  /// Quarters that hold the sums of the depth before, [rows][columns], if there was any.
  public var before: UnsafePointer<Float>? = nil
  /// Elements from one quarter of those sums to the next.
  public var beforeStride = 0
  /// One number per column.
  public var bias: UnsafePointer<Float>? = nil
  /// Laid out as the result, of which it may be the very memory.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// Products whose epilogue is yet to be set.
  @inlinable
  public init(
    products: UnsafePointer<Float>, productStride: Int, rows: Int, lowerRows: Int, columns: Int,
    output: UnsafeMutablePointer<Float>, rowStride: Int, columnStride: Int
  ) {
    (self.products, self.productStride) = (products, productStride)
    (self.rows, self.lowerRows, self.columns) = (rows, lowerRows, columns)
    (self.output, self.rowStride, self.columnStride) = (output, rowStride, columnStride)
  }
}

/// The additions of Strassen's algorithm: elementwise, however the quarters lie.
public enum StrassenAdditions<I: ISA> {
  /// Operands that W's quarters give.
  @inlinable @inline(__always)
  public static func left(_ job: borrowing StrassenLeft, from first: Int = 0) {
    var i = first
    while i + I.lanes <= job.count {
      vector(job, at: i)
      i += I.lanes
    }
    while i < job.count {
      let (w11, w12, w21, w22) = (job.q11[i], job.q12[i], job.q21[i], job.q22[i])
      let s1 = w21 + w22
      let s2 = s1 - w11
      job.product2[i] = w12 - s2
      job.product4[i] = s1
      job.product5[i] = s2
      job.product6[i] = w11 - w21
      i += 1
    }
  }

  /// A vector of each operand.
  @inlinable @inline(__always)
  static func vector(_ job: borrowing StrassenLeft, at i: Int) {
    let s1 = I.add(I.load(job.q21 + i), I.load(job.q22 + i))
    I.store(job.product4 + i, s1)
    let s2 = I.sub(s1, I.load(job.q11 + i))
    I.store(job.product5 + i, s2)
    I.store(job.product2 + i, I.sub(I.load(job.q12 + i), s2))
    I.store(job.product6 + i, I.sub(I.load(job.q11 + i), I.load(job.q21 + i)))
  }

  /// Operands that X's quarters give.
  @inlinable @inline(__always)
  public static func right(_ job: borrowing StrassenRight) {
    let (to, stride) = (job.target, job.productStride)
    var i = 0
    while i + I.lanes <= job.count {
      let (x11, x12) = (I.load(job.q11 + i), I.load(job.q12 + i))
      let (x21, x22) = (I.load(job.q21 + i), I.load(job.q22 + i))
      let t1 = I.sub(x12, x11)
      let t2 = I.sub(x22, t1)
      I.store(to + i, x11)
      I.store(to + (stride + i), x21)
      I.store(to + (2 * stride + i), x22)
      I.store(to + (3 * stride + i), I.sub(t2, x21))
      I.store(to + (4 * stride + i), t1)
      I.store(to + (5 * stride + i), t2)
      I.store(to + (6 * stride + i), I.sub(x22, x12))
      i += I.lanes
    }
    while i < job.count {
      let (x11, x12, x21, x22) = (job.q11[i], job.q12[i], job.q21[i], job.q22[i])
      let t1 = x12 - x11
      let t2 = x22 - t1
      to[i] = x11
      to[stride + i] = x21
      to[2 * stride + i] = x22
      to[3 * stride + i] = t2 - x21
      to[4 * stride + i] = t1
      to[5 * stride + i] = t2
      to[6 * stride + i] = x22 - x12
      i += 1
    }
  }

  /// Quarters of C.
  @inlinable @inline(__always)
  public static func sums(_ job: borrowing StrassenProducts) {
    let (to, stride) = (job.quarters, job.quarterStride)
    var i = 0
    while i < job.count {
      var (c11, c12, c21, c22) = quarters(job.products + i, job.productStride)
      if job.accumulates {
        (c11, c12) = (I.add(c11, I.load(to + i)), I.add(c12, I.load(to + (stride + i))))
        (c21, c22) = (I.add(c21, I.load(to + (2 * stride + i))), I.add(c22, I.load(to + (3 * stride + i))))
      }
      I.store(to + i, c11)
      I.store(to + (stride + i), c12)
      I.store(to + (2 * stride + i), c21)
      I.store(to + (3 * stride + i), c22)
      i += I.lanes
    }
  }

  /// A vector of each quarter of C.
  @inlinable @inline(__always)
  static func quarters(
    _ products: UnsafePointer<Float>, _ stride: Int
  ) -> (c11: I.F32, c12: I.F32, c21: I.F32, c22: I.F32) {
    let (p0, p1) = (I.load(products), I.load(products + stride))
    let (p2, p3) = (I.load(products + 2 * stride), I.load(products + 3 * stride))
    let (p4, p5) = (I.load(products + 4 * stride), I.load(products + 5 * stride))
    let u2 = I.add(p0, p5)
    let u3 = I.add(u2, I.load(products + 6 * stride))
    return (I.add(p0, p1), I.add(I.add(u2, p4), p2), I.sub(u3, p3), I.add(u3, p4))
  }

  /// The result, of which W's halves of rows give columns and X's halves of columns rows.
  @inlinable @inline(__always)
  public static func store(_ job: borrowing StrassenResult) {
    let (lower, upper) = (I.broadcast(job.lowerBound), I.broadcast(job.upperBound))
    var column = 0
    while column < job.columns {
      var (left, right) = (I.zero(), I.zero())
      if let bias = job.bias {
        (left, right) = (I.load(bias + column), I.load(bias + (column + job.columnStride)))
      }
      var row = 0
      while row < job.rows {
        let from = row * job.columns + column
        var (c11, c12, c21, c22) = quarters(job.products + from, job.productStride)
        if let before = job.before {
          let (sums, stride) = (before + from, job.beforeStride)
          (c11, c12) = (I.add(c11, I.load(sums)), I.add(c12, I.load(sums + stride)))
          (c21, c22) = (I.add(c21, I.load(sums + 2 * stride)), I.add(c22, I.load(sums + 3 * stride)))
        }
        let place = 2 * row * job.rowStride + column
        store(job, I.add(c11, left), place, lower, upper)
        store(job, I.add(c21, right), place + job.columnStride, lower, upper)
        if row < job.lowerRows {
          let next = place + job.rowStride
          store(job, I.add(c12, left), next, lower, upper)
          store(job, I.add(c22, right), next + job.columnStride, lower, upper)
        }
        row += 1
      }
      column += I.lanes
    }
  }

  @inlinable @inline(__always)
  static func store(_ job: borrowing StrassenResult, _ sum: I.F32, _ place: Int, _ lower: I.F32, _ upper: I.F32) {
    var sum = sum
    if let residual = job.residual { sum = I.add(sum, I.load(residual + place)) }
    I.store(job.output + place, I.min(upper, I.max(lower, sum)))
  }
}
