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
  public static func run(_ block: UnsafePointer<GEMMBlock>) {
    let width = vectors * I.lanes
    var j = block.pointee.firstColumnPanel
    while j < block.pointee.endColumnPanel {
      let column = j * width
      let columns = block.pointee.columns - column
      let right = block.pointee.right + (j - block.pointee.rightFirstPanel) * block.pointee.rightPanelStride
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
    _ block: UnsafePointer<GEMMBlock>, vectors: TileVectors<NR>.Type, panel: Int, right: UnsafePointer<Float>,
    column: Int, columns: Int
  ) {
    let depth = block.pointee.depth
    let b = right + block.pointee.rightStart * (NR * I.lanes)
    let tiles = block.pointee.endRowPanel - block.pointee.firstRowPanel
    let (first, firstColumnPanel) = (block.pointee.firstRowPanel, block.pointee.firstColumnPanel)
    let (unpackedLeft, unpackedRight) = (block.pointee.unpackedLeft, block.pointee.unpackedRight)
    let packsLeft = NR == Self.vectors && panel == firstColumnPanel
    let packsRight = NR == Self.vectors && columns == NR * I.lanes
    // The first tile of a panel of B would read it at a pace that few memories keep: so the tiles of each panel ask for the
    // next one, each for its share, a little at every step. Measured on Zen 4: 128x3072x768 from 88 to 92 % of the peak.
    var next = b + block.pointee.rightPanelStride
    var nextStride = (NR * I.lanes + tiles - 1) / tiles
    var nextEnd = panel + 1 < block.pointee.endColumnPanel ? next + depth * NR * I.lanes : next
    let before = (panel - block.pointee.firstColumnPanel) * tiles * depth * 16
    if let ahead = block.pointee.ahead, before < block.pointee.aheadCount {
      (next, nextStride, nextEnd) = (ahead + before, 16, ahead + block.pointee.aheadCount)
    }
    var i = block.pointee.firstRowPanel
    var row = GEMMBlock.firstRow(ofPanel: i, rows: block.pointee.rows, panels: block.pointee.rowPanels)
    // As `firstRow` deals the rows, without its division for every tile.
    let (least, remainder) = block.pointee.rows.quotientAndRemainder(dividingBy: block.pointee.rowPanels)
    var dealt = i * remainder % block.pointee.rowPanels
    while i < block.pointee.endRowPanel {
      i += 1
      if next >= nextEnd { (next, nextStride) = (b, 0) }
      dealt += remainder
      let takesOneMore = dealt >= block.pointee.rowPanels
      if takesOneMore { dealt -= block.pointee.rowPanels }
      let rows = takesOneMore ? least + 1 : least
      let nextRow = row + rows
      let a = block.pointee.left + row * block.pointee.leftDepth + block.pointee.leftStart * rows
      let c = block.pointee.output + row * block.pointee.rowStride + column
      let place = TilePlace(a: a, b: b, c: c, columns: columns, row: row, column: column)
      let ahead = TileAhead(start: next, stride: nextStride)
      if packsRight, i == first + 1, let unpacked = unpackedRight {
        run(RightPackingTile<I>(block: block, place: place, unpacked: unpacked), rows: rows)
      } else if packsLeft, let unpacked = unpackedLeft {
        run(LeftPackingTile<I>(block: block, place: place, ahead: ahead, unpacked: unpacked), rows: rows)
      } else {
        run(PackedTile<I, NR>(block: block, place: place, ahead: ahead), rows: rows)
      }
      row = nextRow
      next += nextStride * depth
    }
  }

  /// Runs a job with its count of rows as a parameter that the compiler knows.
  @inlinable @inline(__always)
  static func run(_ job: some TileJob, rows: Int) {
    switch rows {
    case 1: job.run(TileRows<1>.self)
    case 2: job.run(TileRows<2>.self)
    case 3: job.run(TileRows<3>.self)
    case 4: job.run(TileRows<4>.self)
    case 5: job.run(TileRows<5>.self)
    case 6: job.run(TileRows<6>.self)
    case 7 where Self.rows >= 7: job.run(TileRows<7>.self)
    case 8 where Self.rows >= 8: job.run(TileRows<8>.self)
    case 9 where Self.rows >= 9: job.run(TileRows<9>.self)
    case 10 where Self.rows >= 10: job.run(TileRows<10>.self)
    case 11 where Self.rows >= 11: job.run(TileRows<11>.self)
    case 12 where Self.rows >= 12: job.run(TileRows<12>.self)
    default: break
    }
  }

  /// Runs a block of one column panel of whole vectors, and combines quarters of a matrix on the way.
  @inlinable @inline(__always)
  public static func runCombining(_ block: UnsafePointer<GEMMBlock>, _ quarters: UnsafePointer<StrassenLeft>) {
    let width = vectors * I.lanes
    let depth = block.pointee.depth
    let b = block.pointee.right + block.pointee.rightStart * width
    var next = b
    var nextStride = 0
    if let ahead = block.pointee.ahead { (next, nextStride) = (ahead, 16) }
    let nextEnd = next + block.pointee.aheadCount
    // The tiles share the vectors, and each takes its own evenly, so that the caches have time for them.
    let tiles = block.pointee.endRowPanel - block.pointee.firstRowPanel
    var perTile = (quarters.pointee.count / I.lanes + tiles - 1) / tiles
    if perTile > depth { perTile = depth }
    let steps = perTile > 0 ? depth / perTile : depth
    var done = 0
    var i = block.pointee.firstRowPanel
    var row = GEMMBlock.firstRow(ofPanel: i, rows: block.pointee.rows, panels: block.pointee.rowPanels)
    while i < block.pointee.endRowPanel {
      i += 1
      if next >= nextEnd { (next, nextStride) = (b, 0) }
      let nextRow = GEMMBlock.firstRow(ofPanel: i, rows: block.pointee.rows, panels: block.pointee.rowPanels)
      let rows = nextRow - row
      let a = block.pointee.left + row * block.pointee.leftDepth + block.pointee.leftStart * rows
      let c = block.pointee.output + row * block.pointee.rowStride
      let rest = (quarters.pointee.count - done) / I.lanes
      let vectors = rest < perTile ? rest : perTile
      run(
        CombiningTile<I>(
          block: block, place: TilePlace(a: a, b: b, c: c, columns: width, row: row, column: 0),
          ahead: TileAhead(start: next, stride: nextStride), quarters: quarters, first: done, vectors: vectors,
          steps: steps),
        rows: rows)
      done += vectors * I.lanes
      row = nextRow
      next += nextStride * depth
    }
    StrassenAdditions<I>.left(quarters.pointee, from: done)
  }
}
