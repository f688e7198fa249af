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
          block, vectors: TileVectors<2>.self, panel: j, right: right, column: column,
          columns: columns < width ? columns : width)
      } else {
        runPanel(
          block, vectors: TileVectors<1>.self, panel: j, right: right, column: column, columns: columns)
      }
      j += 1
    }
  }

  /// Runs the tiles of one column panel.
  @inlinable @inline(__always)
  static func runPanel<let NR: Int>(
    _ block: borrowing GEMMBlock, vectors: TileVectors<NR>.Type, panel: Int, right: UnsafePointer<Float>, column: Int,
    columns: Int
  ) {
    let depth = block.depth
    let b = right + block.rightStart * (NR * I.lanes)
    let tiles = block.endRowPanel - block.firstRowPanel
    let (first, firstColumnPanel) = (block.firstRowPanel, block.firstColumnPanel)
    let (unpackedLeft, unpackedRight) = (block.unpackedLeft, block.unpackedRight)
    let packsLeft = NR == Self.vectors && panel == firstColumnPanel
    let packsRight = NR == Self.vectors && columns == NR * I.lanes
    // The first tile of a panel of B would read it at a pace that few memories keep: so the tiles of each panel ask for the
    // next one, each for its share, a little at every step. Measured on Zen 4: 128x3072x768 from 88 to 92 % of the peak.
    var next = b + block.rightPanelStride
    var nextStride = (NR * I.lanes + tiles - 1) / tiles
    var nextEnd = panel + 1 < block.endColumnPanel ? next + depth * NR * I.lanes : next
    let before = (panel - block.firstColumnPanel) * tiles * depth * 16
    if let ahead = block.ahead, before < block.aheadCount {
      (next, nextStride, nextEnd) = (ahead + before, 16, ahead + block.aheadCount)
    }
    var i = block.firstRowPanel
    var row = GEMMBlock.firstRow(ofPanel: i, rows: block.rows, panels: block.rowPanels)
    // As `firstRow` deals the rows, without its division for every tile.
    let (least, remainder) = block.rows.quotientAndRemainder(dividingBy: block.rowPanels)
    var dealt = i * remainder % block.rowPanels
    while i < block.endRowPanel {
      i += 1
      if next >= nextEnd { (next, nextStride) = (b, 0) }
      dealt += remainder
      let takesOneMore = dealt >= block.rowPanels
      if takesOneMore { dealt -= block.rowPanels }
      let rows = takesOneMore ? least + 1 : least
      let nextRow = row + rows
      let a = block.left + row * block.leftDepth + block.leftStart * rows
      let c = block.output + row * block.rowStride + column
      if packsRight, i == first + 1, let unpacked = unpackedRight {
        runPackingRight(
          block, unpacked, rows: rows, a: a, b: UnsafeMutablePointer(mutating: b), c: c, row: row, column: column)
      } else if packsLeft, let unpacked = unpackedLeft {
        runPackingLeft(
          block, unpacked, rows: rows, a: UnsafeMutablePointer(mutating: a), b: b, c: c, columns: columns, row: row,
          column: column, next: next, nextStride: nextStride)
      } else {
        runTile(
          block, vectors: vectors, rows: rows, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
          nextStride: nextStride)
      }
      row = nextRow
      next += nextStride * depth
    }
  }

  /// Runs a tile of packed panels.
  @inlinable @inline(__always)
  static func runTile<let NR: Int>(
    _ block: borrowing GEMMBlock, vectors: TileVectors<NR>.Type, rows: Int, a: UnsafePointer<Float>,
    b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int, row: Int, column: Int,
    next: UnsafePointer<Float>, nextStride: Int
  ) {
    let depth = block.depth
    switch rows {
    case 1:
      GEMMTile<I, 1, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 2:
      GEMMTile<I, 2, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 3:
      GEMMTile<I, 3, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 4:
      GEMMTile<I, 4, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 5:
      GEMMTile<I, 5, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 6:
      GEMMTile<I, 6, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 7 where Self.rows >= 7:
      GEMMTile<I, 7, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 8 where Self.rows >= 8:
      GEMMTile<I, 8, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 9 where Self.rows >= 9:
      GEMMTile<I, 9, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 10 where Self.rows >= 10:
      GEMMTile<I, 10, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 11 where Self.rows >= 11:
      GEMMTile<I, 11, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    case 12 where Self.rows >= 12:
      GEMMTile<I, 12, NR>.run(
        depth: depth, a: a, b: b, c: c, columns: columns, row: row, column: column, next: next,
        nextStride: nextStride, block: block)
    default: break
    }
  }

  /// Runs the first tile of a whole column panel, which packs it.
  @inlinable @inline(__always)
  static func runPackingRight(
    _ block: borrowing GEMMBlock, _ unpacked: borrowing UnpackedPositions, rows: Int, a: UnsafePointer<Float>,
    b: UnsafeMutablePointer<Float>, c: UnsafeMutablePointer<Float>, row: Int, column: Int
  ) {
    let depth = block.depth
    let places: InlineArray<2, UnsafePointer<Float>> = [
      unpacked.place(of: column), unpacked.place(of: column + I.lanes),
    ]
    switch rows {
    case 1:
      GEMMTile<I, 1, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 2:
      GEMMTile<I, 2, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 3:
      GEMMTile<I, 3, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 4:
      GEMMTile<I, 4, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 5:
      GEMMTile<I, 5, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 6:
      GEMMTile<I, 6, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 7 where Self.rows >= 7:
      GEMMTile<I, 7, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 8 where Self.rows >= 8:
      GEMMTile<I, 8, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 9 where Self.rows >= 9:
      GEMMTile<I, 9, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 10 where Self.rows >= 10:
      GEMMTile<I, 10, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 11 where Self.rows >= 11:
      GEMMTile<I, 11, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    case 12 where Self.rows >= 12:
      GEMMTile<I, 12, 2>.runPackingRight(
        depth: depth, a: a, b: b, places: places, offsets: unpacked.offsets, c: c, row: row, column: column,
        block: block)
    default: break
    }
  }

  /// Runs a tile of the first column panel, which packs its rows.
  @inlinable @inline(__always)
  static func runPackingLeft(
    _ block: borrowing GEMMBlock, _ unpacked: borrowing UnpackedPositions, rows: Int, a: UnsafeMutablePointer<Float>,
    b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int, row: Int, column: Int,
    next: UnsafePointer<Float>, nextStride: Int
  ) {
    let depth = block.depth
    let place = unpacked.source + row
    switch rows {
    case 1:
      GEMMTile<I, 1, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 2:
      GEMMTile<I, 2, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 3:
      GEMMTile<I, 3, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 4:
      GEMMTile<I, 4, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 5:
      GEMMTile<I, 5, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 6:
      GEMMTile<I, 6, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 7 where Self.rows >= 7:
      GEMMTile<I, 7, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 8 where Self.rows >= 8:
      GEMMTile<I, 8, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 9 where Self.rows >= 9:
      GEMMTile<I, 9, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 10 where Self.rows >= 10:
      GEMMTile<I, 10, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 11 where Self.rows >= 11:
      GEMMTile<I, 11, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    case 12 where Self.rows >= 12:
      GEMMTile<I, 12, 2>.runPackingLeft(
        depth: depth, a: a, place: place, offsets: unpacked.offsets, b: b, c: c, columns: columns, row: row,
        column: column, next: next, nextStride: nextStride, block: block)
    default: break
    }
  }

  /// Runs a block of one column panel of whole vectors, and combines quarters of a matrix on the way.
  @inlinable @inline(__always)
  public static func runCombining(_ block: borrowing GEMMBlock, _ quarters: borrowing StrassenLeft) {
    let width = vectors * I.lanes
    let depth = block.depth
    let b = block.right + block.rightStart * width
    var next = b
    var nextStride = 0
    if let ahead = block.ahead { (next, nextStride) = (ahead, 16) }
    let nextEnd = next + block.aheadCount
    // The tiles share the vectors, and each takes its own evenly, so that the caches have time for them.
    let tiles = block.endRowPanel - block.firstRowPanel
    var perTile = (quarters.count / I.lanes + tiles - 1) / tiles
    if perTile > depth { perTile = depth }
    let steps = perTile > 0 ? depth / perTile : depth
    var done = 0
    var i = block.firstRowPanel
    var row = GEMMBlock.firstRow(ofPanel: i, rows: block.rows, panels: block.rowPanels)
    while i < block.endRowPanel {
      i += 1
      if next >= nextEnd { (next, nextStride) = (b, 0) }
      let nextRow = GEMMBlock.firstRow(ofPanel: i, rows: block.rows, panels: block.rowPanels)
      let rows = nextRow - row
      let a = block.left + row * block.leftDepth + block.leftStart * rows
      let c = block.output + row * block.rowStride
      let rest = (quarters.count - done) / I.lanes
      let vectors = rest < perTile ? rest : perTile
      switch rows {
      case 1:
        GEMMTile<I, 1, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 2:
        GEMMTile<I, 2, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 3:
        GEMMTile<I, 3, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 4:
        GEMMTile<I, 4, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 5:
        GEMMTile<I, 5, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 6:
        GEMMTile<I, 6, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 7 where Self.rows >= 7:
        GEMMTile<I, 7, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 8 where Self.rows >= 8:
        GEMMTile<I, 8, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 9 where Self.rows >= 9:
        GEMMTile<I, 9, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 10 where Self.rows >= 10:
        GEMMTile<I, 10, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 11 where Self.rows >= 11:
        GEMMTile<I, 11, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      case 12 where Self.rows >= 12:
        GEMMTile<I, 12, 2>.runCombining(
          depth: depth, a: a, b: b, c: c, columns: width, row: row, column: 0, next: next, nextStride: nextStride,
          block: block, quarters: quarters, first: done, vectors: vectors, steps: steps)
      default: break
      }
      done += vectors * I.lanes
      row = nextRow
      next += nextStride * depth
    }
    StrassenAdditions<I>.left(quarters, from: done)
  }
}

/// Names a tile's count of vectors.
public enum TileVectors<let NR: Int> {}
