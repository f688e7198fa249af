/// A matrix in memory that is not packed: element (i, j) is at `base[i * rowStride + j * columnStride]`.
///
/// A transpose is the same memory with the strides swapped, and costs nothing.
public struct MatrixView {
  /// Element (0, 0).
  public var base: UnsafePointer<Float>
  /// Elements from one row to the next.
  public var rowStride: Int
  /// Elements from one column to the next.
  public var columnStride: Int

  /// A view; rows are contiguous unless told otherwise.
  public init(_ base: UnsafePointer<Float>, rowStride: Int, columnStride: Int = 1) {
    self.base = base
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The same memory, rows for columns.
  public var transposed: MatrixView { MatrixView(base, rowStride: columnStride, columnStride: rowStride) }
}
