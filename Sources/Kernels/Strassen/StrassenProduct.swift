import CIntrinsics
import KernelTemplates

/// Products of one matrix by several packed ones, each by a step of Strassen's algorithm: seven products of quarters in the
/// place of eight.
///
/// Whose rows are A's first half and whose the second is for the caller to say, who packs them; B's depth and columns are cut in
/// the middle.
///
/// All threads combine the quarters of a block of rows to the packed rows of the seven products. A task takes some pairs of
/// column panels, one from either half of B. It goes through the depth piece by piece, and in each piece through its pairs: it
/// combines the quarters of B if that was not done when they were packed, multiplies, and adds the products to quarters of C
/// that it keeps.
struct StrassenProduct: Sendable {
  /// A piece of a quarter of A to be packed, as [depth][rows].
  struct Piece {
    /// Rows of a half.
    let rows: Range<Int>
    /// Which half.
    let half: Int
    /// Columns of A.
    let depth: Range<Int>
    /// `callerBytes` bytes.
    let memory: UnsafeMutableRawPointer
    /// Where to pack them.
    let target: UnsafeMutablePointer<Float>
  }

  /// How every B is packed.
  enum Packing: Sendable {
    /// By `PackedLayout.rightTiles`, as for a direct product: the quarters as they are.
    case direct
    /// The right operands of the seven products one behind the other, each a quarter's size: seven quarters of the memory.
    ///
    /// Spares the combining, 3 to 4 % of a product with 98 rows in each half (Zen 5, AVX-512).
    case combined
  }

  /// A panel of columns from either half of a B.
  struct Pair {
    /// Which B.
    let member: Int
    /// Which panel of a half, and the panels of a half.
    let panel: Int, panels: Int
  }

  /// Sums that are complete, of the rows of a task in both halves and a pair of column panels.
  struct Tile {
    /// Rows of a half.
    let rows: Range<Int>
    /// Columns.
    let pair: Pair
    /// The quarters of C, or the seven products of the last piece of depth, [rows][panel].
    let sums: UnsafeMutablePointer<Float>
    /// The quarters of the depth before the last piece, if it has more than one and `sums` are products.
    let before: UnsafePointer<Float>?
    /// Elements from one quarter, or product, to the next.
    let stride: Int
    /// `callerBytes` bytes.
    let memory: UnsafeMutableRawPointer
  }

  /// Which sums the caller stores.
  enum Storing: Sendable {
    /// The seven products.
    case products
    /// Quarters, readable as whole squares of vectors.
    case quarters
  }

  let scratchBytes: Int

  private let context: KernelContext
  private let packing: Packing
  private let storing: Storing
  /// Rows of a half, and depth of one.
  private let rows: Int, depth: Int
  /// Pairs of panels of each product, and of all.
  private let pairs: [Int], allPairs: Int
  private let width: Int
  /// Layout of A's quarters.
  private let layout: PackedLayout
  /// Blocks of row panels; the parts of a block, and the groups of pairs, that tasks take.
  private let blocks: Int, parts: Int, groups: Int
  /// Pieces of depth.
  private let pieces: Int
  /// Elements from one quarter of A to the next as they are packed, from one product to the next of the packed rows, of the sums
  /// and of B's combined quarters.
  private let quarterStride: Int, rowStride: Int, sumStride: Int, combinedStride: Int
  private let rowBytes: Int, workerBytes: Int
  /// Bytes of a worker's memory that are the caller's.
  private let callerBytes: Int

  /// Products of quarters.
  private static var products: Int { 7 }
  /// Depth of A that is combined at a time: four quarters of a panel stay in the first-level cache.
  private static var combinedDepth: Int { 128 }
  /// Rows of a block at least, about: enough to make good for the way of B from memory, and for combining it.
  private static var rowsAtOnce: Int { 96 }
  /// Pairs of a task, at most: what it keeps of C stays near.
  private static var pairsAtOnce: Int { 8 }
  /// Tasks of a thread, at least, if there are several threads and enough pairs.
  private static var tasksPerThread: Int { 2 }
  /// Depth of a piece at most.
  ///
  /// A panel of B should stay near the first-level cache, above all if it is combined there; but each piece loads and stores C.
  private static func deepest(_ packing: Packing) -> Int { packing == .direct ? 384 : 512 }
  /// Elements between what would otherwise lie a multiple of a page apart, and share places in the caches.
  private static var gap: Int { 80 }

  /// Whether matrices of these sizes are cut into whole panels.
  static func supports(depth: Int, columns: Int, table: KernelTable) -> Bool {
    depth > 0 && columns > 0 && depth % 2 == 0 && columns % (2 * table.tileColumns) == 0
  }

  /// Blocks that the rows of a half are cut into: the packed rows of one stay near the second-level cache.
  static func blocks(rows: Int, depth: Int, table: KernelTable) -> Int {
    let panels = (rows + table.tileRows - 1) / table.tileRows
    let panelBytes = products * max(1, depth) * table.tileRows * 4
    let most = max(rowsAtOnce / table.tileRows, CacheSizes.current.l2 * 3 / 2 / panelBytes)
    return (panels + most - 1) / most
  }

  /// Plans products whose sizes are supported.
  ///
  /// - Parameters:
  ///   - allRows: rows of A; the second half may lack one.
  ///   - allDepth: columns of A.
  ///   - columns: columns of each B.
  ///   - packing: how each B is packed.
  ///   - storing: what the caller stores.
  ///   - callerBytes: memory that the caller needs to pack or store, for each thread.
  ///   - context: table and threads.
  init(
    rows allRows: Int, depth allDepth: Int, columns: [Int], packing: Packing, storing: Storing, callerBytes: Int = 0,
    context: KernelContext
  ) {
    (self.context, self.packing, self.storing) = (context, packing, storing)
    self.callerBytes = callerBytes.roundedUp(to: 64)
    let (table, threads) = (context.table, context.pool.threads)
    (rows, depth, width) = ((allRows + 1) / 2, allDepth / 2, table.tileColumns)
    pairs = columns.map { $0 / (2 * table.tileColumns) }
    allPairs = pairs.reduce(0, +)
    layout = .leftTiles(rows: rows, depth: depth, table: table)
    blocks = Self.blocks(rows: rows, depth: depth, table: table)
    let panels = (layout.panels + max(1, blocks) - 1) / max(1, blocks)
    // Pairs that do not divide among the threads are cut by rows too, so that no part of the smallest block is empty.
    parts = allPairs % threads == 0 ? 1 : max(1, min(layout.panels / max(1, blocks), threads))
    // Threads that are not equally fast share the work well if there are several tasks for each.
    let most =
      threads == 1 ? Self.pairsAtOnce : max(1, min(Self.pairsAtOnce, allPairs / (Self.tasksPerThread * threads)))
    let sharing = parts == 1 ? threads : 1
    groups = sharing * ((allPairs + sharing * most - 1) / (sharing * most))
    let taskRows = (panels + parts - 1) / parts * table.tileRows
    let deepest = Self.deepest(packing)
    pieces = max(1, (depth + deepest - 1) / deepest)

    quarterStride = (Self.combinedDepth * table.tileRows + table.lanes).roundedUp(to: 16)
    rowStride = (panels * table.tileRows * depth).roundedUp(to: 32) + 16
    // Quarters are read as whole squares of vectors.
    sumStride = (taskRows.roundedUp(to: table.lanes) * width).roundedUp(to: 32) + 16
    combinedStride = packing == .direct ? (depth + pieces - 1) / pieces * width + Self.gap : 0
    let kept = pieces > 1 ? (allPairs + max(1, groups) - 1) / max(1, groups) : 0
    rowBytes = (Self.products * rowStride * 4).roundedUp(to: 64)
    let multiplying = Self.products * sumStride + 4 * combinedStride + kept * 4 * sumStride
    workerBytes = self.callerBytes + (max(4 * quarterStride, multiplying) * 4).roundedUp(to: 64)
    scratchBytes = rowBytes + workerBytes * threads
  }

  /// Computes the products.
  ///
  /// - Parameters:
  ///   - scratch: `scratchBytes` bytes.
  ///   - right: gives each B, packed as was planned.
  ///   - pack: packs a piece of A; rows that the second half lacks are zero.
  ///   - prepare: is told which sums will be stored before the last products are made, to have memory fetched.
  ///   - store: stores what is complete. All four may be called on any of the pool's threads.
  func run(
    scratch: UnsafeMutableRawPointer, right: (_ member: Int) -> UnsafePointer<Float>, pack: (Piece) -> Void,
    prepare: (_ rows: Range<Int>, Pair) -> Void, store: (Tile) -> Void
  ) {
    let packed = scratch.assumingMemoryBound(to: Float.self)
    for block in 0..<blocks {
      let panels = (0..<layout.panels).piece(block, of: blocks)
      context.pool.parallel(
        panels.count,
        perWorker: { index, worker in
          let rows = layout.lanes(ofPanel: panels.lowerBound + index)
          combine(
            rows, of: self.rows(panels), memory: scratch + (rowBytes + worker * workerBytes), into: packed, pack: pack)
        })
      context.pool.parallel(
        groups * parts,
        perWorker: { task, worker in
          let (group, part) = task.quotientAndRemainder(dividingBy: parts)
          multiply(
            panels.piece(part, of: parts), of: self.rows(panels), (0..<allPairs).piece(group, of: groups),
            packed: packed, memory: scratch + (rowBytes + worker * workerBytes), right: right, prepare: prepare,
            store: store)
        })
    }
  }

  /// Rows of panels.
  private func rows(_ panels: Range<Int>) -> Range<Int> {
    let first = layout.lanes(ofPanel: panels.lowerBound).lowerBound
    return first..<layout.lanes(ofPanel: panels.upperBound - 1).upperBound
  }

  /// Packs the four quarters of a panel of rows and combines them, a piece of depth at a time.
  private func combine(
    _ rows: Range<Int>, of block: Range<Int>, memory: UnsafeMutableRawPointer, into packed: UnsafeMutablePointer<Float>,
    pack: (Piece) -> Void
  ) {
    let quarters = (memory + callerBytes).assumingMemoryBound(to: Float.self)
    for piece in 0..<pieces {
      let depths = (0..<depth).piece(piece, of: pieces)
      for start in stride(from: depths.lowerBound, to: depths.upperBound, by: Self.combinedDepth) {
        let count = min(Self.combinedDepth, depths.upperBound - start)
        let target = packed + depths.lowerBound * block.count + (rows.lowerBound - block.lowerBound) * depths.count
        for half in 0..<2 {
          for side in 0..<2 {
            let first = side * depth + start
            pack(
              Piece(
                rows: rows, half: half, depth: first..<first + count, memory: memory,
                target: quarters + (2 * side + half) * quarterStride))
          }
        }
        var job = StrassenRight(
          q11: quarters, q12: quarters + quarterStride, q21: quarters + 2 * quarterStride,
          q22: quarters + 3 * quarterStride, target: target + (start - depths.lowerBound) * rows.count,
          productStride: rowStride, count: count * rows.count)
        context.table.strassenRight(&job)
      }
    }
  }

  /// The products of row panels and pairs of column panels, and what they become.
  private func multiply(
    _ panels: Range<Int>, of blockRows: Range<Int>, _ group: Range<Int>, packed: UnsafePointer<Float>,
    memory: UnsafeMutableRawPointer, right: (_ member: Int) -> UnsafePointer<Float>,
    prepare: (_ rows: Range<Int>, Pair) -> Void, store: (Tile) -> Void
  ) {
    let sums = (memory + callerBytes).assumingMemoryBound(to: Float.self)
    let combined = sums + Self.products * sumStride
    let kept = combined + 4 * combinedStride
    let rows = rows(panels)
    for piece in 0..<pieces {
      let depths = (0..<depth).piece(piece, of: pieces)
      let isLast = piece == pieces - 1
      var block = GEMMBlock(
        left: packed + depths.lowerBound * blockRows.count - blockRows.lowerBound * depths.count,
        right: UnsafePointer(packed), output: sums - rows.lowerBound * width)
      (block.rows, block.rowPanels, block.leftDepth) = (self.rows, layout.panels, depths.count)
      (block.columns, block.rowStride, block.depth) = (width, width, depths.count)
      (block.firstRowPanel, block.endRowPanel, block.endColumnPanel) = (panels.lowerBound, panels.upperBound, 1)
      block.isLast = false
      for number in group {
        let pair = pair(number)
        if isLast { prepare(rows, pair) }
        // What comes next: the next pair, or the first one with more depth.
        let (next, ahead) = number + 1 < group.upperBound ? (number + 1, piece) : (group.lowerBound, piece + 1)
        multiply(
          block, operands(right, pair, depths, combined: combined),
          next: ahead < pieces
            ? operands(right, self.pair(next), (0..<depth).piece(ahead, of: pieces), combined: combined) : nil)
        // Where there was no depth before, products become quarters in their place.
        let quarters = pieces > 1 ? kept + (number - group.lowerBound) * 4 * sumStride : sums
        if isLast && storing == .products {
          store(
            Tile(
              rows: rows, pair: pair, sums: sums, before: piece > 0 ? UnsafePointer(quarters) : nil, stride: sumStride,
              memory: memory))
          continue
        }
        var job = StrassenProducts(
          products: sums, productStride: sumStride, count: rows.count * width, quarters: quarters,
          quarterStride: sumStride, accumulates: piece > 0)
        context.table.strassenSums(&job)
        if isLast {
          store(Tile(rows: rows, pair: pair, sums: quarters, before: nil, stride: sumStride, memory: memory))
        }
      }
    }
  }

  /// One of all pairs.
  private func pair(_ number: Int) -> Pair {
    var (member, panel) = (0, number)
    while panel >= pairs[member] {
      panel -= pairs[member]
      member += 1
    }
    return Pair(member: member, panel: panel, panels: pairs[member])
  }

  private func operands(
    _ right: (_ member: Int) -> UnsafePointer<Float>, _ pair: Pair, _ depths: Range<Int>,
    combined: UnsafeMutablePointer<Float>
  ) -> StrassenOperands {
    let quarter = depth * width
    let base = right(pair.member) + depths.lowerBound * width
    switch packing {
    case .direct:
      let first = base + 2 * pair.panel * quarter
      return StrassenOperands(
        first: first, second: first + 2 * pair.panels * quarter, step: quarter, count: depths.count * width,
        combined: combined, combinedStride: combinedStride)
    case .combined:
      return StrassenOperands(
        operands: base + pair.panel * quarter, stride: pair.panels * quarter, count: depths.count * width)
    }
  }

  /// The seven products of the rows of a task.
  ///
  /// Quarters are combined while the rows are multiplied by them as they are, and those that come next are fetched while the rows
  /// are multiplied by the combined ones; operands that were combined before are fetched one product ahead.
  private func multiply(_ block: GEMMBlock, _ operands: StrassenOperands, next: StrassenOperands?) {
    for index in 0..<Self.products {
      var block = block
      let product = operands.product(index)
      block.left += product * rowStride
      block.output += product * sumStride
      block.right = operands.operand(product)
      if var job = operands.combining(during: index) {
        context.table.gemmCombining(&block, &job)
        continue
      }
      if let ahead = operands.ahead(during: index, next: next) {
        (block.ahead, block.aheadCount) = (ahead.start, ahead.count)
      }
      context.table.gemm(&block)
    }
  }
}
