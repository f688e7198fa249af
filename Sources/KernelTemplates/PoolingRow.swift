/// Neighbouring outputs of a pooling in one output row, whose windows have equal shapes: the arguments of a row kernel.
public struct PoolingRow {
  /// What the windows' rows count from, for the first output.
  public var input: UnsafePointer<Float>
  /// Offset of each row of the window.
  public var rows: UnsafePointer<Int>
  /// Number of rows of the window.
  public var height = 0
  /// Elements from one column of the window to the next, and how many columns it has.
  public var columnStep = 1, width = 0
  /// Elements from one output's window to the next one's.
  public var stride = 1
  /// First output.
  public var output: UnsafeMutablePointer<Float>
  /// Number of outputs.
  public var count = 0
  /// An average is the window's sum times this number; `nil` takes the maximum.
  public var factor: Float? = nil

  /// A row whose sizes are yet to be set.
  @inlinable
  public init(input: UnsafePointer<Float>, rows: UnsafePointer<Int>, output: UnsafeMutablePointer<Float>) {
    self.input = input
    self.rows = rows
    self.output = output
  }
}

/// Pools along a row, output positions in lanes.
public enum PoolingRowKernel<I: ISA> {
  /// Computes the row's maxima, NaN where a window holds one, or its sums times the factor.
  @inlinable @inline(__always)
  public static func run(_ row: borrowing PoolingRow) {
    if let factor = row.factor {
      let f = I.broadcast(factor)
      pool(row, initial: 0, combine: { I.add($0, $1) }, finish: { I.mul($0, f) })
    } else {
      pool(row, initial: -.infinity, combine: { I.select(I.isNaN($0), $0, I.max($0, $1)) }, finish: { $0 })
    }
  }

  @inlinable @inline(__always)
  static func pool(
    _ row: borrowing PoolingRow, initial: Float, combine: (I.F32, I.F32) -> I.F32, finish: (I.F32) -> I.F32
  ) {
    var i = 0
    if row.stride <= 2 {
      // `loadEven` reads one element past the last that it uses: the last vector is left to the scalar loop.
      let whole = row.stride == 1 ? row.count : row.count - 1
      while i + I.lanes <= whole {
        var v = I.broadcast(initial)
        var y = 0
        while y < row.height {
          let from = row.input + row.rows[y] + i * row.stride
          var x = 0
          while x < row.width {
            let p = from + x * row.columnStep
            v = combine(v, row.stride == 1 ? I.load(p) : I.loadEven(p))
            x += 1
          }
          y += 1
        }
        I.store(row.output + i, finish(v))
        i += I.lanes
      }
    }
    let one = I.mask(first: 1)
    while i < row.count {
      var v = I.broadcast(initial)
      var y = 0
      while y < row.height {
        let from = row.input + row.rows[y] + i * row.stride
        var x = 0
        while x < row.width {
          v = combine(v, I.broadcast(from[x * row.columnStep]))
          x += 1
        }
        y += 1
      }
      I.store(row.output + i, finish(v), one)
      i += 1
    }
  }
}

/// Sums or maxima of contiguous numbers: global pooling.
public enum PlaneReduction<I: ISA> {
  /// The sum of `count` numbers.
  @inlinable @inline(__always)
  public static func sum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var sums = InlineArray<4, I.F32>(repeating: I.zero())
    var i = 0
    while i + 4 * I.lanes <= count {
      for j in 0..<4 { sums[j] = I.add(sums[j], I.load(x + (i + j * I.lanes))) }
      i += 4 * I.lanes
    }
    var total = I.add(I.add(sums[0], sums[1]), I.add(sums[2], sums[3]))
    while i < count {
      total = I.add(total, I.load(x + i, I.mask(first: count - i)))
      i += I.lanes
    }
    return I.sum(total)
  }

  /// The largest of `count` numbers; minus infinity of none, NaN if one is NaN.
  @inlinable @inline(__always)
  public static func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    let lowest = I.broadcast(-.infinity)
    var largest = lowest
    var i = 0
    while i < count {
      let mask = I.mask(first: count - i)
      let next = I.select(mask, I.load(x + i, mask), lowest)
      largest = I.select(I.isNaN(largest), largest, I.max(largest, next))
      i += I.lanes
    }
    let isNaN = I.sum(I.select(I.isNaN(largest), I.broadcast(1), I.zero())) > 0
    return isNaN ? .nan : I.maximum(largest)
  }
}
