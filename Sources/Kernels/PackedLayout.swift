import CIntrinsics
import KernelTemplates

/// How one operand of a product is packed for a table: `GEMMBlock` draws the panels.
///
/// A constant operand is packed once, into memory of the caller's (an arena, a plan file), and used by every run.
public struct PackedLayout: Hashable, Sendable {
  /// Which operand it is.
  public enum Side: Hashable, Sendable {
    /// A, in row panels.
    case left
    /// B, in column panels.
    case right
  }

  /// Grows with each change of the bytes that packing gives, of a matrix or of a convolution's weights.
  ///
  /// Packed weights that were kept by other versions are of no use; the tests pin the bytes of each version.
  public static let version = 4

  /// Which operand it is.
  public let side: Side
  /// Rows of A, or columns of B.
  public let width: Int
  /// Columns of A, which are the rows of B.
  public let depth: Int
  /// Lanes of a panel, at most.
  let panelWidth: Int
  /// Lanes that a panel is rounded up to.
  let granule: Int

  /// The layout of A for a product.
  public static func left(rows: Int, depth: Int, table: KernelTable) -> PackedLayout {
    // A library is handed the whole matrix: one panel.
    table.product == nil
      ? .leftTiles(rows: rows, depth: depth, table: table)
      : PackedLayout(side: .left, width: rows, depth: depth, panelWidth: max(1, rows), granule: 1)
  }

  /// The layout of B for a product.
  public static func right(depth: Int, columns: Int, table: KernelTable) -> PackedLayout {
    table.product == nil
      ? .rightTiles(depth: depth, columns: columns, table: table)
      : PackedLayout(side: .right, width: columns, depth: depth, panelWidth: max(1, columns), granule: 1)
  }

  /// The layout of A for the table's block kernel.
  static func leftTiles(rows: Int, depth: Int, table: KernelTable) -> PackedLayout {
    PackedLayout(side: .left, width: rows, depth: depth, panelWidth: table.tileRows, granule: 1)
  }

  /// The layout of B for the table's block kernel.
  static func rightTiles(depth: Int, columns: Int, table: KernelTable) -> PackedLayout {
    PackedLayout(side: .right, width: columns, depth: depth, panelWidth: table.tileColumns, granule: table.lanes)
  }

  /// Number of panels.
  public var panels: Int { (width + panelWidth - 1) / panelWidth }

  /// Elements of the packed operand.
  public var count: Int { side == .left ? width * depth : width.roundedUp(to: granule) * depth }

  /// Bytes of the packed operand.
  public var byteCount: Int { count * MemoryLayout<Float>.stride }

  /// First row or column of a panel, and one past its last.
  func lanes(ofPanel panel: Int) -> Range<Int> {
    switch side {
    case .left:
      GEMMBlock.firstRow(
        ofPanel: panel, rows: width, panels: panels)..<GEMMBlock.firstRow(
          ofPanel: panel + 1, rows: width, panels: panels)
    case .right: panel * panelWidth..<min(width, (panel + 1) * panelWidth)
    }
  }

  /// Packs the whole matrix on the context's threads.
  public func pack(_ matrix: MatrixView, into packed: UnsafeMutableRawPointer, context: KernelContext) {
    pack(matrix, offsets: [0], into: packed.assumingMemoryBound(to: Float.self), context: context)
  }

  /// Packs matrices that begin at these offsets, one behind the other, on the context's threads.
  func pack(
    _ matrix: MatrixView, offsets: [Int], into packed: UnsafeMutablePointer<Float>, context: KernelContext
  ) {
    // Rows of a few panels of B lie together in memory, which is read in longer pieces so.
    let together = max(1, min(4, panels * offsets.count / context.pool.threads))
    let tasks = (panels + together - 1) / together
    context.pool.parallel(tasks * offsets.count) { index in
      let (item, task) = index.quotientAndRemainder(dividingBy: tasks)
      var matrix = matrix
      matrix.base += offsets[item]
      pack(
        panels: task * together..<min(panels, (task + 1) * together), of: matrix, into: packed + item * count)
    }
  }

  private func pack(panels all: Range<Int>, of matrix: MatrixView, into packed: UnsafeMutablePointer<Float>) {
    guard side == .right, matrix.columnStride == 1, all.count > 1 else {
      for panel in all { pack(panel: panel, of: matrix, into: packed) }
      return
    }
    // Panels behind the last whole one have another width.
    let whole = all.lowerBound..<min(all.upperBound, width / panelWidth)
    let first = whole.lowerBound * panelWidth
    copyPanels(
      whole.count, from: matrix.base + first, depthStride: matrix.rowStride, width: panelWidth, depth: depth,
      into: packed + first * depth)
    for panel in whole.upperBound..<all.upperBound { pack(panel: panel, of: matrix, into: packed) }
  }

  /// Packs one panel to its place.
  func pack(panel: Int, of matrix: MatrixView, into packed: UnsafeMutablePointer<Float>) {
    let lanes = lanes(ofPanel: panel)
    // A panel's lanes are A's rows or B's columns; its depth runs over the other axis.
    let (laneStride, depthStride) =
      side == .left ? (matrix.rowStride, matrix.columnStride) : (matrix.columnStride, matrix.rowStride)
    packPanel(
      from: matrix.base + lanes.lowerBound * laneStride, laneStride: laneStride, depthStride: depthStride,
      lanes: lanes.count, padded: lanes.count.roundedUp(to: granule), depth: depth,
      into: packed + lanes.lowerBound * depth)
  }
}

extension Int {
  /// The smallest multiple of `granule` that is not less.
  func roundedUp(to granule: Int) -> Int { (self + granule - 1) / granule * granule }
}

/// Packs [lanes] x [depth] numbers as [depth][padded], zeros in the lanes added.
func packPanel(
  from source: UnsafePointer<Float>, laneStride: Int, depthStride: Int, lanes: Int, padded: Int, depth: Int,
  into target: UnsafeMutablePointer<Float>
) {
  if laneStride == 1 {
    copyPanel(from: source, depthStride: depthStride, lanes: lanes, padded: padded, depth: depth, into: target)
  } else if depthStride == 1 {
    transposePanel(from: source, laneStride: laneStride, lanes: lanes, padded: padded, depth: depth, into: target)
  } else {
    for k in 0..<depth {
      let row = target + k * padded
      for lane in 0..<lanes { row[lane] = source[k * depthStride + lane * laneStride] }
      for lane in lanes..<padded { row[lane] = 0 }
    }
  }
}

/// Copies neighbouring panels of whole vectors, row by row.
private func copyPanels(
  _ panels: Int, from source: UnsafePointer<Float>, depthStride: Int, width: Int, depth: Int,
  into target: UnsafeMutablePointer<Float>
) {
  for k in 0..<depth {
    let from = source + k * depthStride
    let to = target + k * width
    // Memory answers late, and does not foresee rows on other pages.
    for line in 0..<(panels * width + 15) / 16 { isa_prefetch(from + 8 * depthStride + line * 16) }
    for panel in 0..<panels {
      let (from, to) = (from + panel * width, to + panel * width * depth)
      var lane = 0
      while lane < width {
        Portable.store(to + lane, Portable.load(from + lane))
        lane += 4
      }
    }
  }
}

private func copyPanel(
  from source: UnsafePointer<Float>, depthStride: Int, lanes: Int, padded: Int, depth: Int,
  into target: UnsafeMutablePointer<Float>
) {
  let whole = lanes / 4 * 4
  for k in 0..<depth {
    let from = source + k * depthStride
    let to = target + k * padded
    var lane = 0
    while lane < whole {
      Portable.store(to + lane, Portable.load(from + lane))
      lane += 4
    }
    while lane < lanes {
      to[lane] = from[lane]
      lane += 1
    }
    while lane < padded {
      to[lane] = 0
      lane += 1
    }
  }
}

/// Four lanes by four steps of depth at a time, all lanes before the next cache line of depth.
private func transposePanel(
  from source: UnsafePointer<Float>, laneStride: Int, lanes: Int, padded: Int, depth: Int,
  into target: UnsafeMutablePointer<Float>
) {
  var start = 0
  while start < depth {
    let end = min(depth, start + 16)
    let whole = start + (end - start) / 4 * 4
    var lane = 0
    while lane + 4 <= lanes {
      let a = source + lane * laneStride
      let (b, c, d) = (a + laneStride, a + 2 * laneStride, a + 3 * laneStride)
      let to = target + lane
      var k = start
      while k < whole {
        let (va, vb, vc, vd) = (Portable.load(a + k), Portable.load(b + k), Portable.load(c + k), Portable.load(d + k))
        let (ab0, ab1) = (interleaveLow(va, vb), interleaveHigh(va, vb))
        let (cd0, cd1) = (interleaveLow(vc, vd), interleaveHigh(vc, vd))
        Portable.store(to + k * padded, SIMD4(lowHalf: ab0.lowHalf, highHalf: cd0.lowHalf))
        Portable.store(to + (k + 1) * padded, SIMD4(lowHalf: ab0.highHalf, highHalf: cd0.highHalf))
        Portable.store(to + (k + 2) * padded, SIMD4(lowHalf: ab1.lowHalf, highHalf: cd1.lowHalf))
        Portable.store(to + (k + 3) * padded, SIMD4(lowHalf: ab1.highHalf, highHalf: cd1.highHalf))
        k += 4
      }
      while k < end {
        let row = to + k * padded
        (row[0], row[1], row[2], row[3]) = (a[k], b[k], c[k], d[k])
        k += 1
      }
      lane += 4
    }
    if lane + 2 <= lanes {
      let a = source + lane * laneStride
      let b = a + laneStride
      var k = start
      while k < whole {
        let (va, vb) = (Portable.load(a + k), Portable.load(b + k))
        let (ab0, ab1) = (interleaveLow(va, vb), interleaveHigh(va, vb))
        let to = target + k * padded + lane
        storePair(to, ab0.lowHalf)
        storePair(to + padded, ab0.highHalf)
        storePair(to + 2 * padded, ab1.lowHalf)
        storePair(to + 3 * padded, ab1.highHalf)
        k += 4
      }
      while k < end {
        storePair(target + k * padded + lane, SIMD2(a[k], b[k]))
        k += 1
      }
      lane += 2
    }
    while lane < lanes {
      let from = source + lane * laneStride
      for k in start..<end { target[k * padded + lane] = from[k] }
      lane += 1
    }
    while lane < padded {
      for k in start..<end { target[k * padded + lane] = 0 }
      lane += 1
    }
    start = end
  }
}

@inline(__always)
private func storePair(_ p: UnsafeMutablePointer<Float>, _ pair: SIMD2<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: pair, as: SIMD2<Float>.self)
}

/// a0 b0 a1 b1.
@inline(__always)
private func interleaveLow(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> { SIMD4(a[0], b[0], a[1], b[1]) }

/// a2 b2 a3 b3.
@inline(__always)
private func interleaveHigh(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> { SIMD4(a[2], b[2], a[3], b[3]) }
