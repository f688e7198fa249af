import CIntrinsics

/// Multiplies the packed panels of a block, tile by tile.
///
/// The largest tile leaves registers for a row of B and a broadcast; smaller row counts and vector counts run in tiles of
/// their size, so that an edge costs what its own rows and vectors cost. Row panels run inside column panels: a B panel stays
/// in the first-level cache while A's panels pass from the second.
public enum GEMMKernel<I: ISA> {
  /// Rows of the largest tile.
  @inlinable @inline(__always)
  public static var rows: Int { I.registers >= 32 ? 12 : 6 }
  /// Vectors of the largest tile.
  @inlinable @inline(__always)
  public static var vectors: Int { 2 }

  /// Runs the block.
  @inlinable @inline(__always)
  public static func run(_ block: borrowing GEMMBlock) {
    let width = vectors * I.lanes
    var j = block.firstColumnPanel
    while j < block.endColumnPanel {
      let column = j * width
      let columns = block.columns - column
      let right = block.right + (j - block.rightFirstPanel) * block.rightPanelStride
      if columns > I.lanes {
        runPanel(
          block, vectors: TileVectors<2>.self, right: right, column: column, columns: columns < width ? columns : width)
      } else {
        runPanel(block, vectors: TileVectors<1>.self, right: right, column: column, columns: columns)
      }
      j += 1
    }
  }

  /// Runs the tiles of one column panel.
  @inlinable @inline(__always)
  static func runPanel<let NR: Int>(
    _ block: borrowing GEMMBlock, vectors: TileVectors<NR>.Type, right: UnsafePointer<Float>, column: Int, columns: Int
  ) {
    let b = right + block.rightStart * (NR * I.lanes)
    // While the first row panel passes a panel of B, that comes from memory at the pace of one tile: too fast for most memories.
    // So each tile asks for its part of the next panel.
    let lines = column + NR * I.lanes < block.columns ? block.depth * NR * I.lanes / 16 : 0
    let parts = block.endRowPanel - block.firstRowPanel
    var i = block.firstRowPanel
    var row = GEMMBlock.firstRow(ofPanel: i, rows: block.rows, panels: block.rowPanels)
    while i < block.endRowPanel {
      i += 1
      let nextRow = GEMMBlock.firstRow(ofPanel: i, rows: block.rows, panels: block.rowPanels)
      let rows = nextRow - row
      prefetch(b + block.rightPanelStride, lines: lines, part: i - 1 - block.firstRowPanel, of: parts)
      let a = block.left + row * block.leftDepth + block.leftStart * rows
      let c = block.output + row * block.rowStride + column
      switch rows {
      case 1:
        GEMMTile<I, 1, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 2:
        GEMMTile<I, 2, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 3:
        GEMMTile<I, 3, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 4:
        GEMMTile<I, 4, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 5:
        GEMMTile<I, 5, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 6:
        GEMMTile<I, 6, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 7 where Self.rows >= 7:
        GEMMTile<I, 7, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 8 where Self.rows >= 8:
        GEMMTile<I, 8, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 9 where Self.rows >= 9:
        GEMMTile<I, 9, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 10 where Self.rows >= 10:
        GEMMTile<I, 10, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 11 where Self.rows >= 11:
        GEMMTile<I, 11, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      case 12 where Self.rows >= 12:
        GEMMTile<I, 12, NR>.run(
          depth: block.depth, a: a, b: b, c: c, columns: columns, row: row, column: column, block: block)
      default: break
      }
      row = nextRow
    }
  }
}

extension GEMMKernel {
  /// Asks for one part of a panel's cache lines.
  @inlinable @inline(__always)
  static func prefetch(_ panel: UnsafePointer<Float>, lines: Int, part: Int, of parts: Int) {
    var line = lines * part / parts
    let end = lines * (part + 1) / parts
    while line < end {
      isa_prefetch(panel + line * 16)
      line += 1
    }
  }
}

/// Names a tile's count of vectors.
public enum TileVectors<let NR: Int> {}
