/// What a reduction computes over the numbers of an axis.
public enum ReduceFunction: Hashable, Sendable, CaseIterable {
  /// The sum.
  case sum
  /// The sum of absolute values.
  case sumOfMagnitudes
  /// The sum of squares.
  case sumOfSquares
  /// The product.
  case product
  /// The largest; NaN if one is.
  case maximum
  /// The smallest; NaN if one is.
  case minimum
}

/// Reduces x [outer, count, inner] over its middle axis to y [outer, inner].
///
/// Sums are made in blocks (registers of partial sums, 64 additions long at most) whose sums are added in turn, so that the
/// error grows with the number of blocks instead of the number of elements; along contiguous numbers the blocks' sums are
/// added in double precision.
public enum ReduceKernel<I: ISA> {
  /// Additions in a row before a block's sum is put away.
  @inlinable @inline(__always)
  static var blockLength: Int { 64 }

  /// Runs the reduction.
  ///
  /// A `count` of 0 gives 0 for sums, 1 for the product, and infinities.
  @inlinable @inline(__always)
  public static func run(
    _ function: ReduceFunction, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, outer: Int, count: Int,
    inner: Int
  ) {
    switch function {
    case .sum: apply(SumReduction<I>.self, x, y, outer, count, inner)
    case .sumOfMagnitudes: apply(MagnitudeReduction<I>.self, x, y, outer, count, inner)
    case .sumOfSquares: apply(SquareReduction<I>.self, x, y, outer, count, inner)
    case .product: apply(ProductReduction<I>.self, x, y, outer, count, inner)
    case .maximum: apply(MaximumReduction<I>.self, x, y, outer, count, inner)
    case .minimum: apply(MinimumReduction<I>.self, x, y, outer, count, inner)
    }
  }

  @inlinable @inline(__always)
  static func apply<R: Reduction>(
    _: R.Type, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ outer: Int, _ count: Int, _ inner: Int
  ) where R.I == I {
    var o = 0
    if inner == 1 {
      while o < outer {
        y[o] = row(R.self, x + o * count, count)
        o += 1
      }
    } else {
      while o < outer {
        columns(R.self, x + o * count * inner, y + o * inner, count, inner)
        o += 1
      }
    }
  }

  /// Contiguous numbers.
  @inlinable @inline(__always)
  static func row<R: Reduction>(_: R.Type, _ x: UnsafePointer<Float>, _ count: Int) -> Float where R.I == I {
    var total = R.scalarIdentity
    let identity = I.broadcast(Float(R.scalarIdentity))
    let step = 4 * I.lanes
    var i = 0
    while i + step <= count {
      let end = Swift.min(count, i + blockLength * step)
      var (s0, s1, s2, s3) = (identity, identity, identity, identity)
      while i + step <= end {
        s0 = R.add(s0, I.load(x + i))
        s1 = R.add(s1, I.load(x + i + I.lanes))
        s2 = R.add(s2, I.load(x + i + 2 * I.lanes))
        s3 = R.add(s3, I.load(x + i + 3 * I.lanes))
        i += step
      }
      total = R.combine(total, R.across(R.merge(R.merge(s0, s1), R.merge(s2, s3))))
    }
    if i < count {
      var s = identity
      while i + I.lanes <= count {
        s = R.add(s, I.load(x + i))
        i += I.lanes
      }
      if i < count {
        let rest = I.mask(first: count - i)
        s = I.select(rest, R.add(s, I.load(x + i, rest)), s)
      }
      total = R.combine(total, R.across(s))
    }
    return Float(total)
  }

  /// Vectors across the inner axis.
  @inlinable @inline(__always)
  static func columns<R: Reduction>(
    _: R.Type, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int, _ inner: Int
  ) where R.I == I {
    let identity = I.broadcast(Float(R.scalarIdentity))
    let step = 4 * I.lanes
    var i = 0
    while i + step <= inner {
      var (t0, t1, t2, t3) = (identity, identity, identity, identity)
      var k = 0
      while k < count {
        let end = Swift.min(count, k + blockLength)
        var (s0, s1, s2, s3) = (identity, identity, identity, identity)
        while k < end {
          let p = x + k * inner + i
          s0 = R.add(s0, I.load(p))
          s1 = R.add(s1, I.load(p + I.lanes))
          s2 = R.add(s2, I.load(p + 2 * I.lanes))
          s3 = R.add(s3, I.load(p + 3 * I.lanes))
          k += 1
        }
        (t0, t1, t2, t3) = (R.merge(t0, s0), R.merge(t1, s1), R.merge(t2, s2), R.merge(t3, s3))
      }
      I.store(y + i, t0)
      I.store(y + i + I.lanes, t1)
      I.store(y + i + 2 * I.lanes, t2)
      I.store(y + i + 3 * I.lanes, t3)
      i += step
    }
    while i < inner {
      let mask = I.mask(first: inner - i)
      var t = identity
      var k = 0
      while k < count {
        let end = Swift.min(count, k + blockLength)
        var s = identity
        while k < end {
          s = R.add(s, I.load(x + k * inner + i, mask))
          k += 1
        }
        t = R.merge(t, s)
      }
      I.store(y + i, t, mask)
      i += I.lanes
    }
  }
}

/// An associative operation on vectors.
@usableFromInline
protocol Reduction {
  /// Instruction set.
  associatedtype I: ISA
  /// What nothing reduces to.
  static var scalarIdentity: Double { get }
  /// Takes new elements into a partial result.
  static func add(_ partial: I.F32, _ x: I.F32) -> I.F32
  /// Puts partial results together.
  static func merge(_ a: I.F32, _ b: I.F32) -> I.F32
  /// Reduces the lanes of a partial result.
  static func across(_ a: I.F32) -> Double
  /// Puts results together.
  static func combine(_ a: Double, _ b: Double) -> Double
}

/// The sum.
@usableFromInline
enum SumReduction<I: ISA>: Reduction {
  @inlinable @inline(__always) static var scalarIdentity: Double { 0 }
  @inlinable @inline(__always) static func add(_ partial: I.F32, _ x: I.F32) -> I.F32 { I.add(partial, x) }
  @inlinable @inline(__always) static func merge(_ a: I.F32, _ b: I.F32) -> I.F32 { I.add(a, b) }
  @inlinable @inline(__always) static func across(_ a: I.F32) -> Double { Double(I.sum(a)) }
  @inlinable @inline(__always) static func combine(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The sum of absolute values.
@usableFromInline
enum MagnitudeReduction<I: ISA>: Reduction {
  @inlinable @inline(__always) static var scalarIdentity: Double { 0 }
  @inlinable @inline(__always) static func add(_ partial: I.F32, _ x: I.F32) -> I.F32 {
    I.add(partial, I.abs(x))
  }
  @inlinable @inline(__always) static func merge(_ a: I.F32, _ b: I.F32) -> I.F32 { I.add(a, b) }
  @inlinable @inline(__always) static func across(_ a: I.F32) -> Double { Double(I.sum(a)) }
  @inlinable @inline(__always) static func combine(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The sum of squares.
@usableFromInline
enum SquareReduction<I: ISA>: Reduction {
  @inlinable @inline(__always) static var scalarIdentity: Double { 0 }
  @inlinable @inline(__always) static func add(_ partial: I.F32, _ x: I.F32) -> I.F32 { I.fma(x, x, partial) }
  @inlinable @inline(__always) static func merge(_ a: I.F32, _ b: I.F32) -> I.F32 { I.add(a, b) }
  @inlinable @inline(__always) static func across(_ a: I.F32) -> Double { Double(I.sum(a)) }
  @inlinable @inline(__always) static func combine(_ a: Double, _ b: Double) -> Double { a + b }
}

/// The product.
@usableFromInline
enum ProductReduction<I: ISA>: Reduction {
  @inlinable @inline(__always) static var scalarIdentity: Double { 1 }
  @inlinable @inline(__always) static func add(_ partial: I.F32, _ x: I.F32) -> I.F32 { I.mul(partial, x) }
  @inlinable @inline(__always) static func merge(_ a: I.F32, _ b: I.F32) -> I.F32 { I.mul(a, b) }
  @inlinable @inline(__always) static func across(_ a: I.F32) -> Double {
    withUnsafePointer(to: a) { vector in
      vector.withMemoryRebound(to: Float.self, capacity: I.lanes) { lanes in
        var product = 1.0
        var i = 0
        while i < I.lanes {
          product *= Double(lanes[i])
          i += 1
        }
        return product
      }
    }
  }
  @inlinable @inline(__always) static func combine(_ a: Double, _ b: Double) -> Double { a * b }
}

/// The largest; NaN if one is.
@usableFromInline
enum MaximumReduction<I: ISA>: Reduction {
  @inlinable @inline(__always) static var scalarIdentity: Double { -.infinity }
  @inlinable @inline(__always) static func add(_ partial: I.F32, _ x: I.F32) -> I.F32 {
    Maximum<I>.value(x, partial)
  }
  @inlinable @inline(__always) static func merge(_ a: I.F32, _ b: I.F32) -> I.F32 { Maximum<I>.value(a, b) }
  @inlinable @inline(__always) static func across(_ a: I.F32) -> Double {
    I.anyMask(I.isNaN(a)) ? .nan : Double(I.maximum(a))
  }
  @inlinable @inline(__always) static func combine(_ a: Double, _ b: Double) -> Double {
    a != a || a > b ? a : b
  }
}

/// The smallest; NaN if one is.
@usableFromInline
enum MinimumReduction<I: ISA>: Reduction {
  @inlinable @inline(__always) static var scalarIdentity: Double { .infinity }
  @inlinable @inline(__always) static func add(_ partial: I.F32, _ x: I.F32) -> I.F32 {
    Minimum<I>.value(x, partial)
  }
  @inlinable @inline(__always) static func merge(_ a: I.F32, _ b: I.F32) -> I.F32 { Minimum<I>.value(a, b) }
  @inlinable @inline(__always) static func across(_ a: I.F32) -> Double {
    I.anyMask(I.isNaN(a)) ? .nan : Double(I.minimum(a))
  }
  @inlinable @inline(__always) static func combine(_ a: Double, _ b: Double) -> Double {
    a != a || a < b ? a : b
  }
}
