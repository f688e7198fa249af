/// The arguments of a library's product of whole matrices, C = A · B, or C + A · B.
///
/// One of A's two strides is 1, and one of B's; C's rows are contiguous. No row overlaps the next.
public struct MatrixProduct {
  /// Sizes: C is [rows, columns], A [rows, depth], B [depth, columns].
  public var rows: Int, columns: Int, depth: Int
  /// First element of A.
  public var left: UnsafePointer<Float>
  /// Elements from one row or column of A to the next.
  public var leftRowStride: Int, leftColumnStride: Int
  /// First element of B.
  public var right: UnsafePointer<Float>
  /// Elements from one row or column of B to the next.
  public var rightRowStride: Int, rightColumnStride: Int
  /// First element of C.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one row of C to the next.
  public var outputRowStride: Int
  /// The product is added to what C holds.
  public var accumulates: Bool

  /// A product.
  @inlinable
  public init(
    rows: Int, columns: Int, depth: Int, left: UnsafePointer<Float>, leftRowStride: Int, leftColumnStride: Int,
    right: UnsafePointer<Float>, rightRowStride: Int, rightColumnStride: Int, output: UnsafeMutablePointer<Float>,
    outputRowStride: Int, accumulates: Bool
  ) {
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    (self.left, self.leftRowStride, self.leftColumnStride) = (left, leftRowStride, leftColumnStride)
    (self.right, self.rightRowStride, self.rightColumnStride) = (right, rightRowStride, rightColumnStride)
    (self.output, self.outputRowStride, self.accumulates) = (output, outputRowStride, accumulates)
  }
}
