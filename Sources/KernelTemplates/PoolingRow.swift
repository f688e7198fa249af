/// The outputs of a pooling in one output row: the arguments of a row kernel.
public struct PoolingRow {
  /// What the windows' rows count from.
  public var input: UnsafePointer<Float>
  /// Offset of each input row that the windows see, from its column 0.
  public var rows: UnsafePointer<Int>
  /// Number of those rows.
  public var height = 0
  /// Elements of an input row.
  public var columns = 0
  /// Columns of padding before the first of them.
  public var padLeft = 0
  /// Elements from one column of the window to the next, and how many columns it has.
  public var columnStep = 1, width = 0
  /// Elements from one output's window to the next one's.
  public var stride = 1
  /// First output.
  public var output: UnsafeMutablePointer<Float>
  /// Number of outputs.
  public var count = 0
  /// An average is the window's sum times the output's number here; `nil` takes the maximum.
  public var factors: UnsafePointer<Float>? = nil

  /// A row whose sizes are yet to be set.
  @inlinable
  public init(input: UnsafePointer<Float>, rows: UnsafePointer<Int>, output: UnsafeMutablePointer<Float>) {
    self.input = input
    self.rows = rows
    self.output = output
  }
}

/// Pools along a row, output positions in lanes: down the columns first, then across, so that a column is reduced once for all
/// windows of a vector; at a stride of 2 the columns are split in the registers.
public enum PoolingRowKernel<I: ISA> {
  /// Computes the row's maxima, minus infinity of nothing and NaN where a window holds one, or its sums times the factors.
  @inlinable @inline(__always)
  public static func run(_ row: borrowing PoolingRow) {
    if row.factors != nil {
      pool(row, nothing: 0, combine: { I.add($0, $1) })
    } else {
      pool(row, nothing: -.infinity, combine: { I.select(I.isNaN($0), $0, I.max($0, $1)) })
    }
  }

  @inlinable @inline(__always)
  static func pool(_ row: borrowing PoolingRow, nothing: Float, combine: (I.F32, I.F32) -> I.F32) {
    var x = 0
    if row.stride <= 2 {
      // The last column at which the unmasked loads of a vector stay in the row; a window that is wider never does.
      var last = -1
      if row.width <= row.columns, row.columnStep <= row.columns {
        last = row.columns - ((row.width - 1) * row.columnStep + row.stride * I.lanes)
      }
      while x < row.count {
        let column = x * row.stride - row.padLeft
        let isInside = column >= 0 && column <= last
        let v =
          isInside
          ? vector(row, column: column, nothing: nothing, isMasked: false, combine: combine)
          : vector(row, column: column, nothing: nothing, isMasked: true, combine: combine)
        finish(row, v, x: x, count: row.count - x)
        x += I.lanes
      }
    }
    while x < row.count {
      finish(row, single(row, x: x, nothing: nothing, combine: combine), x: x, count: 1)
      x += 1
    }
  }

  /// Stores up to a vector of outputs from `x` on.
  @inlinable @inline(__always)
  static func finish(_ row: borrowing PoolingRow, _ v: I.F32, x: Int, count: Int) {
    if count >= I.lanes {
      I.store(row.output + x, row.factors.map { I.mul(v, I.load($0 + x)) } ?? v)
    } else {
      let mask = I.mask(first: count)
      I.store(row.output + x, row.factors.map { I.mul(v, I.load($0 + x, mask)) } ?? v, mask)
    }
  }

  /// The windows of a vector of outputs, of which the first begins at `column`; the stride is 1 or 2.
  ///
  /// - Parameter isMasked: a constant: whether a load may reach beyond the row.
  @inlinable @inline(__always)
  static func vector(
    _ row: borrowing PoolingRow, column: Int, nothing: Float, isMasked: Bool, combine: (I.F32, I.F32) -> I.F32
  ) -> I.F32 {
    var v = I.broadcast(nothing)
    var j = isMasked ? taps(row, before: 1 - row.stride * I.lanes, from: column) : 0
    let end = isMasked ? taps(row, before: row.columns, from: column) : row.width
    while j < end {
      let at = column + j * row.columnStep
      let a = down(row, column: at, nothing: nothing, isMasked: isMasked, combine: combine)
      if row.stride == 1 {
        v = combine(v, a)
      } else {
        let b = down(row, column: at + I.lanes, nothing: nothing, isMasked: isMasked, combine: combine)
        v = combine(v, I.even(a, b))
        if row.columnStep == 1, j + 1 < row.width {
          v = combine(v, I.odd(a, b))
          j += 1
        }
      }
      j += 1
    }
    return v
  }

  /// Columns of a window at `column` that lie before a position: what is far outside the row costs nothing.
  @inlinable @inline(__always)
  static func taps(_ row: borrowing PoolingRow, before position: Int, from column: Int) -> Int {
    let distance = position - column
    guard distance > 0 else { return 0 }
    let taps = (distance - 1) / row.columnStep + 1
    return taps < row.width ? taps : row.width
  }

  /// A vector of columns reduced over the window's rows.
  @inlinable @inline(__always)
  static func down(
    _ row: borrowing PoolingRow, column: Int, nothing: Float, isMasked: Bool, combine: (I.F32, I.F32) -> I.F32
  ) -> I.F32 {
    let none = I.broadcast(nothing)
    let from = row.input + column
    var v = none
    var y = 0
    if isMasked {
      let mask = I.mask(from: -column, to: row.columns - column)
      while y < row.height {
        v = combine(v, I.select(mask, I.load(from + row.rows[y], mask), none))
        y += 1
      }
    } else {
      if row.height > 0 { v = I.load(from + row.rows[0]) }
      y = 1
      while y < row.height {
        v = combine(v, I.load(from + row.rows[y]))
        y += 1
      }
    }
    return v
  }

  /// The window of one output, in every lane.
  @inlinable @inline(__always)
  static func single(
    _ row: borrowing PoolingRow, x: Int, nothing: Float, combine: (I.F32, I.F32) -> I.F32
  ) -> I.F32 {
    var v = I.broadcast(nothing)
    let column = x * row.stride - row.padLeft
    let first = taps(row, before: 0, from: column)
    let end = taps(row, before: row.columns, from: column)
    var y = 0
    while y < row.height {
      let from = row.input + row.rows[y]
      var j = first
      while j < end {
        v = combine(v, I.broadcast(from[column + j * row.columnStep]))
        j += 1
      }
      y += 1
    }
    return v
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
