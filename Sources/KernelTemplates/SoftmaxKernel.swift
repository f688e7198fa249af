/// Softmax, e^(x - m) / Σ e^(x - m), or its logarithm, over the middle axis of [outer, count, inner].
///
/// m is the largest number of the axis, so nothing overflows; what is smaller than e^-87 of it becomes 0. NaN makes the
/// whole axis NaN, as does an axis of -∞ alone.
public enum SoftmaxKernel<I: ISA> {
  /// Computes y from x, which it may be.
  ///
  /// - Parameters:
  ///   - x: [outer, count, inner].
  ///   - y: the same.
  ///   - logarithm: LogSoftmax instead.
  @inlinable @inline(__always)
  public static func run(
    x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, outer: Int, count: Int, inner: Int, logarithm: Bool
  ) {
    var o = 0
    while o < outer {
      let offset = o * count * inner
      if inner == 1 {
        row(x + offset, y + offset, count, logarithm)
      } else {
        var i = 0
        while i < inner {
          columns(x + offset + i, y + offset + i, count, inner, I.mask(first: inner - i), logarithm)
          i += I.lanes
        }
      }
      o += 1
    }
  }

  /// Contiguous numbers.
  @inlinable @inline(__always)
  static func row(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int, _ logarithm: Bool) {
    let whole = count / I.lanes * I.lanes
    let rest = I.mask(first: count - whole)
    var high = I.broadcast(-.infinity)
    var k = 0
    while k < whole {
      high = I.max(I.load(x + k), high)
      k += I.lanes
    }
    if whole < count { high = I.max(I.select(rest, I.load(x + whole, rest), high), high) }
    let largest = I.broadcast(I.maximum(high))

    var sum = I.zero()
    k = 0
    while k < whole {
      let difference = I.sub(I.load(x + k), largest)
      let e = VectorMath<I>.expFlushed(difference)
      I.store(y + k, logarithm ? difference : e)
      sum = I.add(sum, e)
      k += I.lanes
    }
    if whole < count {
      let difference = I.sub(I.load(x + whole, rest), largest)
      let e = VectorMath<I>.expFlushed(difference)
      I.store(y + whole, logarithm ? difference : e, rest)
      sum = I.add(sum, I.select(rest, e, I.zero()))
    }

    let total = I.broadcast(I.sum(sum))
    let (factor, shift) =
      logarithm ? (I.broadcast(1), VectorMath<I>.log(total)) : (I.div(I.broadcast(1), total), I.zero())
    k = 0
    while k < whole {
      I.store(y + k, I.mul(I.sub(I.load(y + k), shift), factor))
      k += I.lanes
    }
    if whole < count { I.store(y + whole, I.mul(I.sub(I.load(y + whole, rest), shift), factor), rest) }
  }

  /// One vector of columns, `stride` elements from one number of the axis to the next.
  @inlinable @inline(__always)
  static func columns(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int, _ mask: I.Mask,
    _ logarithm: Bool
  ) {
    var largest = I.broadcast(-.infinity)
    var k = 0
    while k < count {
      largest = I.max(I.load(x + k * stride, mask), largest)
      k += 1
    }
    var sum = I.zero()
    k = 0
    while k < count {
      let difference = I.sub(I.load(x + k * stride, mask), largest)
      let e = VectorMath<I>.expFlushed(difference)
      I.store(y + k * stride, logarithm ? difference : e, mask)
      sum = I.add(sum, e)
      k += 1
    }
    let (factor, shift) = logarithm ? (I.broadcast(1), VectorMath<I>.log(sum)) : (I.div(I.broadcast(1), sum), I.zero())
    k = 0
    while k < count {
      I.store(y + k * stride, I.mul(I.sub(I.load(y + k * stride, mask), shift), factor), mask)
      k += 1
    }
  }
}
