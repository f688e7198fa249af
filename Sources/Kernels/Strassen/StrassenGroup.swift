import CIntrinsics
import KernelTemplates

/// Products of one matrix by several constant ones, each by a step of Strassen's algorithm: seven products of quarters in the
/// place of eight.
///
/// Even rows of A are one half and odd rows the other, so that a sum never takes in a row from far away. Depth and columns are cut
/// in the middle: what is packed for a direct product holds the quarters of B as they are, and one packed matrix serves both ways.
///
/// All threads combine the quarters of a block of rows to the packed rows of the seven products. A task takes a panel of columns
/// from either half of B, combines them a piece of depth at a time, multiplies, and puts the products together while they are in
/// its cache.
struct StrassenGroup: Sendable {
  let scratchBytes: Int

  private let context: KernelContext
  /// Rows of A.
  private let allRows: Int
  /// Rows of a half, and depth of one.
  private let rows: Int, depth: Int
  /// Pairs of panels of each product.
  private let pairs: [Int]
  private let width: Int
  /// Layout of A's quarters.
  private let layout: PackedLayout
  /// Blocks of row panels, and the parts of a block that tasks take.
  private let blocks: Int, parts: Int
  /// Elements from one quarter to the next as they are packed, from one product to the next of the packed rows and of the sums.
  private let quarterStride: Int, rowStride: Int, sumStride: Int
  /// Elements of the sums that are kept at a time.
  private let sumCount: Int
  private let rowBytes: Int, workerBytes: Int

  /// Products of quarters.
  private static var products: Int { 7 }
  /// Depth of A that is combined at a time: four quarters of a panel stay in the first-level cache.
  private static var combinedDepth: Int { 128 }
  /// Depth of B that is combined, and multiplied, at a time.
  private static var deepest: Int { 512 }
  /// Row panels whose seven sums are made together: they stay in the first-level cache, or near it.
  private static var panelsAtOnce: Int { 2 }
  /// Elements between what would otherwise lie a multiple of a page apart, and share places in the caches.
  private static var gap: Int { 80 }

  /// Whether matrices of these sizes are cut into whole panels.
  static func supports(depth: Int, columns: Int, table: KernelTable) -> Bool {
    table.product == nil && depth > 0 && columns > 0 && depth % 2 == 0 && columns % (2 * table.tileColumns) == 0
  }

  /// Plans products whose sizes are supported.
  init(rows allRows: Int, depth allDepth: Int, columns: [Int], context: KernelContext) {
    self.context = context
    self.allRows = allRows
    let table = context.table
    (rows, depth, width) = ((allRows + 1) / 2, allDepth / 2, table.tileColumns)
    pairs = columns.map { $0 / (2 * table.tileColumns) }
    layout = .leftTiles(rows: rows, depth: depth, table: table)
    blocks = Strassen.blocks(rows: rows, depth: depth, table: table)
    let panels = (layout.panels + blocks - 1) / max(1, blocks)
    let allPairs = pairs.reduce(0, +)
    // Panels of columns that do not divide among the threads are cut by rows too.
    parts = allPairs % context.pool.threads == 0 ? 1 : max(1, min(panels, context.pool.threads))
    quarterStride = (Self.combinedDepth * table.tileRows).roundedUp(to: 16)
    rowStride = (panels * table.tileRows * depth).roundedUp(to: 32) + 16
    sumStride = (Self.panelsAtOnce * table.tileRows * width).roundedUp(to: 32) + 16
    let most = depth > Self.deepest ? ((panels + parts - 1) / parts + Self.panelsAtOnce - 1) / Self.panelsAtOnce : 1
    sumCount = most * Self.products * sumStride
    rowBytes = (Self.products * rowStride * 4).roundedUp(to: 64)
    let multiplying = (sumCount + 4 * (min(depth, Self.deepest) * width + Self.gap)) * 4
    workerBytes = max(4 * quarterStride * 4, multiplying).roundedUp(to: 64)
    scratchBytes = rowBytes + workerBytes * context.pool.threads
  }

  /// Computes the products: see `GEMMGroup.run`.
  func run(left: MatrixView, scratch: UnsafeMutableRawPointer, member: (_ index: Int) -> GEMMGroup.Member) {
    let packed = scratch.assumingMemoryBound(to: Float.self)
    let allPairs = pairs.reduce(0, +)
    for block in 0..<blocks {
      let panels = (0..<layout.panels).piece(block, of: blocks)
      let firstRow = layout.lanes(ofPanel: panels.lowerBound).lowerBound
      context.pool.parallel(
        panels.count,
        perWorker: { index, worker in
          let rows = layout.lanes(ofPanel: panels.lowerBound + index)
          combine(
            rows, of: left, memory: memory(of: worker, scratch), into: packed + (rows.lowerBound - firstRow) * depth)
        })
      context.pool.parallel(
        allPairs * parts,
        perWorker: { task, worker in
          var (pair, part) = task.quotientAndRemainder(dividingBy: parts)
          var index = 0
          while pair >= pairs[index] {
            pair -= pairs[index]
            index += 1
          }
          let panels = panels.piece(part, of: parts)
          let member = member(index)
          multiply(
            panels, member, pair: pair, of: pairs[index], packed: packed - firstRow * depth,
            memory: memory(of: worker, scratch))
        })
    }
  }

  private func memory(of worker: Int, _ scratch: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    (scratch + rowBytes + worker * workerBytes).assumingMemoryBound(to: Float.self)
  }

  /// Rows of panels.
  private func rows(_ panels: Range<Int>) -> Range<Int> {
    let first = layout.lanes(ofPanel: panels.lowerBound).lowerBound
    return first..<layout.lanes(ofPanel: panels.upperBound - 1).upperBound
  }

  /// Packs the four quarters of a panel of rows and combines them, a piece of depth at a time.
  private func combine(
    _ rows: Range<Int>, of matrix: MatrixView, memory: UnsafeMutablePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    for start in stride(from: 0, to: depth, by: Self.combinedDepth) {
      let count = min(Self.combinedDepth, depth - start)
      for half in 0..<2 {
        // The lower half may lack the last row, which is zero then.
        let present = min(rows.upperBound, (allRows + 1 - half) / 2) - rows.lowerBound
        let first = matrix.base + (2 * rows.lowerBound + half) * matrix.rowStride
        for side in 0..<2 {
          packPanel(
            from: first + (side * depth + start) * matrix.columnStride, laneStride: 2 * matrix.rowStride,
            depthStride: matrix.columnStride, lanes: present, padded: rows.count, depth: count,
            into: memory + (2 * side + half) * quarterStride)
        }
      }
      var job = StrassenRight(
        q11: memory, q12: memory + quarterStride, q21: memory + 2 * quarterStride, q22: memory + 3 * quarterStride,
        target: target + start * rows.count, productStride: rowStride, count: count * rows.count)
      context.table.strassenRight(&job)
    }
  }

  /// The seven products of row panels and a pair of column panels, and what they become.
  ///
  /// The quarters of a piece of depth are combined while the first rows are multiplied by them as they are; while the first rows
  /// are multiplied by the combined ones, the quarters that come next are fetched.
  private func multiply(
    _ panels: Range<Int>, _ member: GEMMGroup.Member, pair: Int, of pairs: Int, packed: UnsafePointer<Float>,
    memory: UnsafeMutablePointer<Float>
  ) {
    let combined = memory + sumCount
    let quarter = depth * width
    let left = member.right.assumingMemoryBound(to: Float.self) + pair * 2 * quarter
    let right = left + pairs * 2 * quarter
    for start in stride(from: 0, to: depth, by: Self.deepest) {
      let count = min(Self.deepest, depth - start)
      let end = start + count
      var quarters = Quarters(
        first: left + start * width, second: right + start * width, step: quarter, combined: combined,
        count: count * width,
        combinedStride: count * width + Self.gap)
      // What comes next in each quarter: more depth, or the next pair.
      if end < depth {
        (quarters.next, quarters.nextCount) = (quarters.count, min(Self.deepest, depth - end) * width)
      } else if pair + 1 < pairs {
        (quarters.next, quarters.nextCount) = (quarter + quarters.count, min(Self.deepest, depth) * width)
      }
      var sums = memory
      for rows in panels.pieces(of: Self.panelsAtOnce) {
        if end == depth { fetch(self.rows(rows), member, pair: pair, of: pairs) }
        var block = GEMMBlock(left: packed, right: left, output: sums - self.rows(rows).lowerBound * width)
        (block.rows, block.rowPanels, block.leftDepth) = (self.rows, layout.panels, depth)
        (block.columns, block.rowStride) = (width, width)
        (block.firstRowPanel, block.endRowPanel) = (rows.lowerBound, rows.upperBound)
        (block.firstColumnPanel, block.endColumnPanel) = (0, 1)
        (block.leftStart, block.depth) = (start, count)
        (block.accumulates, block.isLast) = (start > 0, false)
        multiply(block, quarters, isFirst: rows.lowerBound == panels.lowerBound)
        if end == depth { store(self.rows(rows), member, pair: pair, of: pairs, sums: sums) }
        // Sums of all rows wait for more depth.
        if depth > Self.deepest { sums += Self.products * sumStride }
      }
    }
  }

  /// The quarters of a piece of B, what becomes of them, and what follows.
  private struct Quarters {
    /// Quarters 11 and 21; 12 and 22 lie `step` elements behind.
    let first: UnsafePointer<Float>, second: UnsafePointer<Float>
    let step: Int
    /// The combined operands.
    let combined: UnsafeMutablePointer<Float>
    /// Elements of a quarter's piece.
    let count: Int
    /// Elements from one combined operand to the next.
    let combinedStride: Int
    /// Elements from a quarter to what is needed after it, and how many these are.
    var next = 0, nextCount = 0

    /// A third of the work of combining.
    func job(third: Int) -> StrassenLeft {
      let start = third * count / 48 * 16
      let end = third == 2 ? count : (third + 1) * count / 48 * 16
      let (from, to) = (first + start, combined + start)
      return StrassenLeft(
        q11: from, q12: from + step, q21: second + start, q22: second + (step + start), product2: to,
        product4: to + combinedStride, product5: to + 2 * combinedStride, product6: to + 3 * combinedStride,
        count: end - start)
    }
  }

  /// The seven products of a block of rows.
  private func multiply(_ block: GEMMBlock, _ quarters: Quarters, isFirst: Bool) {
    for index in 0..<Self.products {
      var block = block
      // Those that need nothing combined come first.
      let product = index == 2 ? 3 : index == 3 ? 2 : index
      block.left += product * rowStride
      block.output += product * sumStride
      block.right =
        switch product {
        case 0: quarters.first
        case 1: quarters.first + quarters.step
        case 3: quarters.second + quarters.step
        case 2: UnsafePointer(quarters.combined)
        default: UnsafePointer(quarters.combined) + (product - 3) * quarters.combinedStride
        }
      guard isFirst else {
        context.table.gemm(&block)
        continue
      }
      guard index < 3 else {
        let quarter = (index < 5 ? quarters.first : quarters.second) + (index % 2 == 0 ? quarters.step : 0)
        if quarters.nextCount > 0 { (block.ahead, block.aheadCount) = (quarter + quarters.next, quarters.nextCount) }
        context.table.gemm(&block)
        continue
      }
      var job = quarters.job(third: index)
      context.table.gemmCombining(&block, &job)
    }
  }

  /// Has the lines of a result brought into the caches.
  private func fetch(_ rows: Range<Int>, _ member: GEMMGroup.Member, pair: Int, of pairs: Int) {
    for row in 2 * rows.lowerBound..<min(2 * rows.upperBound, allRows) {
      for half in 0..<2 {
        let place = row * member.rowStride + (half * pairs + pair) * width
        for line in 0..<(width + 15) / 16 {
          isa_prefetch(member.output + (place + 16 * line))
          if let residual = member.epilogue.residual { isa_prefetch(residual + (place + 16 * line)) }
        }
      }
    }
  }

  /// Puts the products together to rows of the result.
  private func store(
    _ rows: Range<Int>, _ member: GEMMGroup.Member, pair: Int, of pairs: Int, sums: UnsafeMutablePointer<Float>
  ) {
    let place = 2 * rows.lowerBound * member.rowStride + pair * width
    var job = StrassenResult(
      products: sums, productStride: sumStride, rows: rows.count,
      lowerRows: min(rows.upperBound, allRows / 2) - rows.lowerBound, columns: width, output: member.output + place,
      rowStride: member.rowStride, columnStride: pairs * width)
    job.bias = member.epilogue.bias.map { $0 + pair * width }
    job.residual = member.epilogue.residual.map { $0 + place }
    if let bounds = member.epilogue.activation.bounds { (job.lowerBound, job.upperBound) = bounds }
    context.table.strassenStore(&job)
    guard member.epilogue.activation.bounds == nil else { return }
    for half in 0..<2 {
      var area = ActivationBlock(
        elements: job.output + half * job.columnStride, rows: job.rows + job.lowerRows, columns: width,
        rowStride: member.rowStride, activation: member.epilogue.activation)
      context.table.activate(&area)
    }
  }
}
