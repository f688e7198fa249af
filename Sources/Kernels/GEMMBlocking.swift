import KernelTemplates

/// How a product is cut: over threads, and into blocks that fit the caches.
struct GEMMBlocking: Sendable {
  /// Items of the batch.
  let items: Int
  /// Row panels of A and column panels of B.
  let allRowPanels: Int, allColumnPanels: Int
  /// Tasks of one item along the rows and the columns.
  let rowTasks: Int, columnTasks: Int
  /// Row panels of a block.
  let rowPanels: Int
  /// Depth of the product, and blocks that it is cut into.
  let depth: Int, depthBlocks: Int

  /// Work that a task costs beyond its tiles, in tiles: its panels are read from a farther cache once more.
  private static let overhead = 2

  init(left: PackedLayout, right: PackedLayout, items: Int, threads: Int, table: KernelTable) {
    self.items = items
    allRowPanels = left.panels
    allColumnPanels = right.panels
    depth = left.depth
    let caches = CacheSizes.current
    // A panel of B as deep as a block fills three quarters of the first-level cache. But below 384 the sums travel to C and back
    // so often that a panel had better come from the second level.
    let deepest = max(384, caches.l1 * 3 / 4 / (table.tileColumns * 4))
    depthBlocks = max(1, (depth + deepest - 1) / deepest)
    // A block of A stays in a quarter of the second-level cache while all of B passes by it.
    let blockDepth = max(1, (depth + depthBlocks - 1) / depthBlocks)
    rowPanels = max(1, caches.l2 / 4 / (blockDepth * table.tileRows * 4))
    (rowTasks, columnTasks) = Self.tasks(
      rows: allRowPanels, columns: allColumnPanels, items: items, threads: threads)
  }

  /// Depth of the largest block.
  var blockDepth: Int { (depth + depthBlocks - 1) / depthBlocks }

  /// Panels of the largest task.
  var rowPanelsPerTask: Int { (allRowPanels + max(1, rowTasks) - 1) / max(1, rowTasks) }

  /// Column panels of the largest task.
  var columnPanelsPerTask: Int { (allColumnPanels + max(1, columnTasks) - 1) / max(1, columnTasks) }

  /// Tasks of the whole product.
  var tasks: Int { items * rowTasks * columnTasks }

  /// The cut that the last thread finishes soonest.
  private static func tasks(rows: Int, columns: Int, items: Int, threads: Int) -> (rows: Int, columns: Int) {
    guard threads > 1 else { return (min(1, rows), min(1, columns)) }
    var best = (rows: min(1, rows), columns: min(1, columns))
    var bestTime = Int.max
    for rowTasks in 1...max(1, min(rows, 4 * threads)) where rows > 0 {
      for columnTasks in 1...max(1, min(columns, 4 * threads)) where columns > 0 {
        let rounds = (items * rowTasks * columnTasks + threads - 1) / threads
        let tiles = ((rows + rowTasks - 1) / rowTasks) * ((columns + columnTasks - 1) / columnTasks)
        let time =
          rounds
          * (tiles + overhead + ((rows + rowTasks - 1) / rowTasks + (columns + columnTasks - 1) / columnTasks) / 4)
        if time < bestTime { (best, bestTime) = ((rowTasks, columnTasks), time) }
      }
    }
    return best
  }

  /// An item and the panels that a task computes.
  func task(_ index: Int) -> (item: Int, rowPanels: Range<Int>, columnPanels: Range<Int>) {
    let perItem = rowTasks * columnTasks
    let (row, column) = (index % perItem / columnTasks, index % perItem % columnTasks)
    return (
      index / perItem,
      row * allRowPanels / rowTasks..<(row + 1) * allRowPanels / rowTasks,
      column * allColumnPanels / columnTasks..<(column + 1) * allColumnPanels / columnTasks
    )
  }

  /// End of the block of depth that begins at `start`.
  func nextDepth(after start: Int) -> Int {
    guard depthBlocks > 1 else { return depth }
    return min(depth, start + blockDepth)
  }
}
