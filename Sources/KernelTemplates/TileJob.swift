import CIntrinsics

/// Something to do with one register tile of a block, for any count of rows that the compiler knows.
public protocol TileJob {
  /// Runs the tile of `MR` rows.
  func run<let MR: Int>(_ rows: TileRows<MR>.Type)
}

/// Names a tile's count of rows.
public enum TileRows<let MR: Int> {}

/// Names a tile's count of vectors.
public enum TileVectors<let NR: Int> {}

/// The panels of a tile, and where it lies in C.
public struct TilePlace {
  /// Panel of A, [depth][rows].
  @usableFromInline let a: UnsafePointer<Float>
  /// Panel of B, [depth][columns of a panel].
  @usableFromInline let b: UnsafePointer<Float>
  /// First element of the tile.
  @usableFromInline let c: UnsafeMutablePointer<Float>
  /// Columns that C has here.
  @usableFromInline let columns: Int
  /// First row and column of the tile in C.
  @usableFromInline let row: Int, column: Int

  @inlinable @inline(__always)
  init(
    a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int, row: Int,
    column: Int
  ) {
    (self.a, self.b, self.c, self.columns, self.row, self.column) = (a, b, c, columns, row, column)
  }
}

/// What a tile asks memory for while it computes, a cache line at each step of depth.
public struct TileAhead {
  @usableFromInline let start: UnsafePointer<Float>
  /// Elements from one request to the next.
  @usableFromInline let stride: Int

  @inlinable @inline(__always)
  init(start: UnsafePointer<Float>, stride: Int) { (self.start, self.stride) = (start, stride) }
}

/// A tile of packed panels.
public struct PackedTile<I: ISA, let NR: Int>: TileJob {
  @usableFromInline let block: UnsafePointer<GEMMBlock>
  @usableFromInline let place: TilePlace
  @usableFromInline let ahead: TileAhead

  @inlinable @inline(__always)
  init(block: UnsafePointer<GEMMBlock>, place: TilePlace, ahead: TileAhead) {
    (self.block, self.place, self.ahead) = (block, place, ahead)
  }

  /// Runs the tile.
  @inlinable @inline(__always)
  public func run<let MR: Int>(_: TileRows<MR>.Type) {
    GEMMTile<I, MR, NR>.run(
      depth: block.pointee.depth, a: place.a, b: place.b, c: place.c, columns: place.columns, row: place.row,
      column: place.column, next: ahead.start, nextStride: ahead.stride, block: block.pointee)
  }
}

/// The first tile of a whole column panel, which packs it.
public struct RightPackingTile<I: ISA>: TileJob {
  @usableFromInline let block: UnsafePointer<GEMMBlock>
  @usableFromInline let place: TilePlace
  @usableFromInline let unpacked: UnpackedPositions

  @inlinable @inline(__always)
  init(block: UnsafePointer<GEMMBlock>, place: TilePlace, unpacked: UnpackedPositions) {
    (self.block, self.place, self.unpacked) = (block, place, unpacked)
  }

  /// Runs the tile.
  @inlinable @inline(__always)
  public func run<let MR: Int>(_: TileRows<MR>.Type) {
    GEMMTile<I, MR, 2>.runPackingRight(
      depth: block.pointee.depth, a: place.a, b: UnsafeMutablePointer(mutating: place.b),
      places: [unpacked.place(of: place.column), unpacked.place(of: place.column + I.lanes)],
      offsets: unpacked.offsets, c: place.c, row: place.row, column: place.column, block: block.pointee)
  }
}

/// A tile of the first column panel, which packs its rows.
public struct LeftPackingTile<I: ISA>: TileJob {
  @usableFromInline let block: UnsafePointer<GEMMBlock>
  @usableFromInline let place: TilePlace
  @usableFromInline let ahead: TileAhead
  @usableFromInline let unpacked: UnpackedPositions

  @inlinable @inline(__always)
  init(block: UnsafePointer<GEMMBlock>, place: TilePlace, ahead: TileAhead, unpacked: UnpackedPositions) {
    (self.block, self.place, self.ahead, self.unpacked) = (block, place, ahead, unpacked)
  }

  /// Runs the tile.
  @inlinable @inline(__always)
  public func run<let MR: Int>(_: TileRows<MR>.Type) {
    GEMMTile<I, MR, 2>.runPackingLeft(
      depth: block.pointee.depth, a: UnsafeMutablePointer(mutating: place.a), place: unpacked.source + place.row,
      offsets: unpacked.offsets, b: place.b, c: place.c, columns: place.columns, row: place.row, column: place.column,
      next: ahead.start, nextStride: ahead.stride, block: block.pointee)
  }
}

/// A tile that combines vectors of quarters on the way.
public struct CombiningTile<I: ISA>: TileJob {
  @usableFromInline let block: UnsafePointer<GEMMBlock>
  @usableFromInline let place: TilePlace
  @usableFromInline let ahead: TileAhead
  @usableFromInline let quarters: UnsafePointer<StrassenLeft>
  /// First element of the vectors, how many there are, and the steps of depth from one to the next.
  @usableFromInline let first: Int, vectors: Int, steps: Int

  @inlinable @inline(__always)
  init(
    block: UnsafePointer<GEMMBlock>, place: TilePlace, ahead: TileAhead, quarters: UnsafePointer<StrassenLeft>,
    first: Int, vectors: Int, steps: Int
  ) {
    (self.block, self.place, self.ahead, self.quarters) = (block, place, ahead, quarters)
    (self.first, self.vectors, self.steps) = (first, vectors, steps)
  }

  /// Runs the tile.
  @inlinable @inline(__always)
  public func run<let MR: Int>(_: TileRows<MR>.Type) {
    GEMMTile<I, MR, 2>.runCombining(
      depth: block.pointee.depth, a: place.a, b: place.b, c: place.c, columns: place.columns, row: place.row,
      column: place.column, next: ahead.start, nextStride: ahead.stride, block: block.pointee,
      quarters: quarters.pointee, first: first, vectors: vectors, steps: steps)
  }
}

/// A tile of one vector and 2 * MR rows, which are one panel; the block adds no bias, residual or bounds.
public struct TallTile<I: ISA>: TileJob {
  @usableFromInline let block: UnsafePointer<GEMMBlock>
  @usableFromInline let place: TilePlace
  @usableFromInline let ahead: TileAhead

  @inlinable @inline(__always)
  init(block: UnsafePointer<GEMMBlock>, place: TilePlace, ahead: TileAhead) {
    (self.block, self.place, self.ahead) = (block, place, ahead)
  }

  /// Runs the tile.
  @inlinable @inline(__always)
  public func run<let MR: Int>(_: TileRows<MR>.Type) {
    Self.run(
      TileRows<MR>.self, depth: block.pointee.depth, a: place.a, b: place.b, c: place.c,
      rowStride: block.pointee.rowStride, accumulates: block.pointee.accumulates, next: ahead.start,
      nextStride: ahead.stride)
  }

  /// As `GEMMTile.run`; the rows are two halves, since one loop over all of them is too long for the compiler to unroll.
  @inlinable @inline(__always)
  static func run<let MR: Int>(
    _: TileRows<MR>.Type, depth: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>, rowStride: Int, accumulates: Bool, next: UnsafePointer<Float>, nextStride: Int
  ) {
    let d = c + MR * rowStride
    let fetches = I.lanes >= 8
    var upper = InlineArray<MR, I.F32>(repeating: I.zero())
    var lower = upper
    if fetches {
      for i in 0..<MR {
        isa_prefetch(c + i * rowStride)
        isa_prefetch(d + i * rowStride)
      }
    }
    var ahead = next
    var p = 0
    while p < depth {
      if fetches {
        isa_prefetch(ahead)
        ahead += nextStride
      }
      let bp = I.load(b + p * I.lanes)
      let ap = a + p * (2 * MR)
      for i in 0..<MR { upper[i] = I.fma(I.broadcast(ap[i]), bp, upper[i]) }
      for i in 0..<MR { lower[i] = I.fma(I.broadcast(ap[MR + i]), bp, lower[i]) }
      p += 1
    }
    if accumulates {
      for i in 0..<MR { upper[i] = I.add(upper[i], I.load(c + i * rowStride)) }
      for i in 0..<MR { lower[i] = I.add(lower[i], I.load(d + i * rowStride)) }
    }
    for i in 0..<MR { I.store(c + i * rowStride, upper[i]) }
    for i in 0..<MR { I.store(d + i * rowStride, lower[i]) }
  }
}
