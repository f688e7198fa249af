/// An operand's rows (of A) or columns (of B) as they lie in an image, to be packed by the tiles that read them first.
///
/// Row or column i is output position i of a convolution: step k of its depth is at `source[place(of: i) + offsets[k]]`.
public struct UnpackedPositions {
  /// What the places count from.
  public var source: UnsafePointer<Float>
  /// Shift of each step of the block's depth.
  public var offsets: UnsafePointer<Int>
  /// Positions that follow each other in memory, and elements from the first of them to the first of the next so many.
  public var lineLength: Int, lineStride: Int

  /// Positions in lines.
  @inlinable
  public init(source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, lineLength: Int, lineStride: Int) {
    self.source = source
    self.offsets = offsets
    self.lineLength = lineLength
    self.lineStride = lineStride
  }

  /// Where a position lies, without the shift of a step.
  @inlinable @inline(__always)
  public func place(of position: Int) -> UnsafePointer<Float> {
    let line = position / lineLength
    return source + (line * lineStride + (position - line * lineLength))
  }
}

/// A block of C and the packed panels that it is the product of: the arguments of a block kernel.
///
/// **A** is packed in row panels. The `rows` of A are dealt over `rowPanels` panels as evenly as whole rows allow: panel i
/// begins at row i * rows / rowPanels, so no panel is padded and none is a small rest. A panel of m rows lies [leftDepth][m],
/// at `left + firstRow * leftDepth`.
///
/// **B** is packed in column panels of `NR * lanes` columns, the last one rounded up to whole vectors with zeros. A panel of w
/// columns lies [..][w], at `right + panel * rightPanelStride`.
///
///                      right: [panel][k][w]
///                      ┌──────┬──────┬───┐
///                      │  w   │  w   │   │ k
///     left:            └──────┴──────┴───┘
///     [panel][k][m] ┌─┐┌──────┬──────┬───┐
///                 m │ ││ tile │      │   │
///                   ├─┤├──────┼──────┼───┤
///                   │ ││      │      │   │   C, row-major
///                   └─┘└──────┴──────┴───┘
///                    k
public struct GEMMBlock {
  /// Packed A.
  public var left: UnsafePointer<Float>
  /// Depth that A is packed with.
  public var leftDepth = 0
  /// First k of this block in A's panels.
  public var leftStart = 0
  /// Rows of A and C.
  public var rows = 0
  /// Panels that the rows are dealt over.
  public var rowPanels = 0
  /// Panels of this block.
  public var firstRowPanel = 0, endRowPanel = 0

  /// Packed B.
  public var right: UnsafePointer<Float>
  /// Elements from one panel to the next.
  public var rightPanelStride = 0
  /// First k of this block in B's panels.
  public var rightStart = 0
  /// Columns of B and C.
  public var columns = 0
  /// Panels of this block.
  public var firstColumnPanel = 0, endColumnPanel = 0
  /// Panel that `right` begins with.
  public var rightFirstPanel = 0

  /// Where A's rows come from, one behind the other in memory, if `left` is yet to be packed; one vector of slack lies behind it.
  ///
  /// The first column panel must then be wider than one vector: its tiles fill `left`, whose memory is written, from the depth 0
  /// on. The rows are those behind `source`, whatever the lines; `unpackedRight` is nil.
  public var unpackedLeft: UnpackedPositions? = nil
  /// Where B's columns come from, if the whole panels of `right` are yet to be packed: the first tile of each fills it.
  ///
  /// `rightStart` is 0 then, and no vector of a whole panel may reach beyond its line. With a `rightPanelStride` of 0 the panels
  /// take turns in the memory of one, and all row panels belong to the block.
  public var unpackedRight: UnpackedPositions? = nil

  /// Products to add.
  public var depth = 0

  /// First element of C.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one row of C (and of the residual) to the next.
  public var rowStride = 0

  /// What the block is to bring into the caches for those that come after it, while it computes; nil for its own panels of B.
  public var ahead: UnsafePointer<Float>? = nil
  /// Elements of that.
  public var aheadCount = 0

  /// The block adds to what C holds.
  public var accumulates = false
  /// The block adds the last products: bias, residual and bounds apply.
  public var isLast = true
  /// One number per column, added to every row.
  public var columnBias: UnsafePointer<Float>? = nil
  /// One number per row, added to every column.
  public var rowBias: UnsafePointer<Float>? = nil
  /// Laid out as C.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result: 0 and infinity are ReLU, minus and plus infinity are none.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// Whether the bounds can change a result.
  @inlinable @inline(__always)
  public var isBounded: Bool { lowerBound > -.infinity || upperBound < .infinity }

  /// A block whose sizes are yet to be set.
  @inlinable
  public init(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    self.left = left
    self.right = right
    self.output = output
  }

  /// First row of a row panel.
  @inlinable @inline(__always)
  public static func firstRow(ofPanel panel: Int, rows: Int, panels: Int) -> Int { panel * rows / panels }
}
