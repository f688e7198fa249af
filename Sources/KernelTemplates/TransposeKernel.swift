/// Transposes a matrix of four-byte elements by squares in registers.
public enum TransposeKernel<I: ISA> {
  /// Writes to[column * toStride + row] = from[row * fromStride + column].
  ///
  /// The two do not overlap. Squares are visited along strips of the target's rows, so that both sides are walked a few cache lines at a time.
  @inlinable @inline(__always)
  public static func run(
    from: UnsafePointer<Float>, fromStride: Int, to: UnsafeMutablePointer<Float>, toStride: Int, rows: Int, columns: Int
  ) {
    let wholeRows = rows / I.lanes * I.lanes
    let wholeColumns = columns / I.lanes * I.lanes
    var column = 0
    while column < wholeColumns {
      var row = 0
      while row < wholeRows {
        I.transpose(from + row * fromStride + column, fromStride, to + column * toStride + row, toStride)
        row += I.lanes
      }
      column += I.lanes
    }
    edge(from, fromStride, to, toStride, 0, rows, wholeColumns, columns)
    edge(from, fromStride, to, toStride, wholeRows, rows, 0, wholeColumns)
  }

  @inlinable @inline(__always)
  static func edge(
    _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int,
    _ firstRow: Int, _ endRow: Int, _ firstColumn: Int, _ endColumn: Int
  ) {
    var column = firstColumn
    while column < endColumn {
      var row = firstRow
      while row < endRow {
        to[column * toStride + row] = from[row * fromStride + column]
        row += 1
      }
      column += 1
    }
  }
}
