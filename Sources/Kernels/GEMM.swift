import KernelTemplates

/// Sizes of a product C[rows, columns] = A[rows, depth] · B[depth, columns].
public struct GEMMShape: Hashable, Sendable {
  /// Rows of A and C.
  public var rows: Int
  /// Columns of B and C.
  public var columns: Int
  /// Columns of A, rows of B.
  public var depth: Int

  /// A product's sizes.
  public init(rows: Int, columns: Int, depth: Int) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
  }
}

/// One operand of a product.
public enum GEMMOperand {
  /// A matrix as it lies in memory; it is packed at every run.
  case strided(MatrixView)
  /// A constant that `PackedLayout` packed for the same table.
  case packed(UnsafeRawPointer)
}

/// A planned matrix product, C = activation(A · B + bias + residual), possibly of a batch of matrices.
///
///     let layout = PackedLayout.right(depth: 768, columns: 3072, table: context.table)
///     layout.pack(MatrixView(weights, rowStride: 3072), into: packed, context: context)
///     let product = GEMM(GEMMShape(rows: 128, columns: 3072, depth: 768), packedRight: true, context: context)
///     product.run(left: .strided(MatrixView(x, rowStride: 768)), right: .packed(packed), output: y, rowStride: 3072,
///       epilogue: Epilogue(bias: bias, activation: .gelu), scratch: scratch)
///
/// Packed panels, blocks cut to the caches, one register tile per instruction set: Goto and van de Geijn, "Anatomy of
/// High-Performance Matrix Multiplication" (2008). Equal rows of A give bit-equal rows of C whatever the number of threads.
public struct GEMM: Sendable {
  /// Where one item of a batch lies, in elements from the operands' bases.
  ///
  /// A packed operand's offset is 0 or a multiple of its layout's `count`.
  public struct BatchOffset: Hashable, Sendable {
    /// Offset in A.
    public var left: Int
    /// Offset in B.
    public var right: Int
    /// Offset in C and the residual.
    public var output: Int

    /// An item's place.
    public init(left: Int, right: Int, output: Int) {
      self.left = left
      self.right = right
      self.output = output
    }
  }

  /// Sizes of every item.
  public let shape: GEMMShape
  /// Bytes that `run` needs at `scratch`, which is aligned to 64 bytes.
  public let scratchBytes: Int

  let context: KernelContext
  let left: PackedLayout
  let right: PackedLayout
  let batch: [BatchOffset]
  let blocking: GEMMBlocking
  /// Distinct operands to pack: an operand that is broadcast over the batch is packed once.
  let leftItems: PackedItems?
  let rightItems: PackedItems?
  /// A is not packed ahead but block by block by the thread that needs it, while the block stays in its cache: for products
  /// that are cut by rows alone, so that nothing is packed twice.
  let packsInTasks: Bool
  /// Bytes of one thread's packed block of A, and of all that is packed of A.
  let workerBytes: Int, leftBytes: Int

  /// Plans a product.
  ///
  /// - Parameters:
  ///   - shape: sizes of one item.
  ///   - packedLeft: A comes packed.
  ///   - packedRight: B comes packed.
  ///   - batch: the items; none is one item at offset 0.
  ///   - context: table and threads.
  public init(
    _ shape: GEMMShape, packedLeft: Bool = false, packedRight: Bool = false, batch: [BatchOffset] = [],
    context: KernelContext
  ) {
    self.shape = shape
    self.context = context
    self.batch = batch.isEmpty ? [BatchOffset(left: 0, right: 0, output: 0)] : batch
    left = .left(rows: shape.rows, depth: shape.depth, table: context.table)
    right = .right(depth: shape.depth, columns: shape.columns, table: context.table)
    leftItems = packedLeft ? nil : PackedItems(self.batch.map(\.left))
    rightItems = packedRight ? nil : PackedItems(self.batch.map(\.right))
    blocking = GEMMBlocking(
      left: left, right: right, items: self.batch.count, threads: context.pool.threads, table: context.table)
    packsInTasks = !packedLeft && blocking.columnTasks == 1 && context.table.product == nil
    workerBytes =
      packsInTasks
      ? (min(blocking.rowPanels, left.panels) * context.table.tileRows * blocking.blockDepth * 4).roundedUp(to: 64) : 0
    leftBytes = packsInTasks ? workerBytes * context.pool.threads : leftItems?.bytes(left) ?? 0
    scratchBytes = leftBytes + (rightItems?.bytes(right) ?? 0)
  }

  /// Computes the product.
  ///
  /// - Parameters:
  ///   - left: A, packed or not as planned.
  ///   - right: B, packed or not as planned.
  ///   - output: first element of C; it overlaps neither operand.
  ///   - rowStride: elements from one row of C, and of the residual, to the next.
  ///   - accumulate: adds to what C holds.
  ///   - epilogue: what follows the sums.
  ///   - scratch: `scratchBytes` bytes.
  public func run(
    left: GEMMOperand, right: GEMMOperand, output: UnsafeMutablePointer<Float>, rowStride: Int,
    accumulate: Bool = false, epilogue: Epilogue = Epilogue(), scratch: UnsafeMutableRawPointer
  ) {
    if let multiply = context.table.product {
      return runLibrary(
        multiply, left: left, right: right, output: output, rowStride: rowStride, accumulate: accumulate,
        epilogue: epilogue, scratch: scratch)
    }
    let a =
      packsInTasks
      ? UnsafePointer(scratch.assumingMemoryBound(to: Float.self))
      : prepare(left, layout: self.left, items: leftItems, scratch: scratch)
    let b = prepare(right, layout: self.right, items: rightItems, scratch: scratch + leftBytes)
    context.pool.parallel(
      blocking.tasks,
      perWorker: { task, worker in
        let (item, rowPanels, columnPanels) = blocking.task(task)
        let offset = batch[item]
        var epilogue = epilogue
        epilogue.residual = epilogue.residual.map { $0 + offset.output }
        var block = block(
          left: a + (packsInTasks ? 0 : leftItems.map { $0.index[item] * self.left.count } ?? offset.left),
          right: b + (rightItems.map { $0.index[item] * self.right.count } ?? offset.right),
          output: output + offset.output, rowStride: rowStride, accumulate: accumulate, epilogue: epilogue)
        var source: PackingSource?
        if packsInTasks, case .strided(var matrix) = left {
          matrix.base += offset.left
          let target = (scratch + worker * workerBytes).assumingMemoryBound(to: Float.self)
          source = PackingSource(matrix: matrix, target: target)
        }
        compute(&block, rowPanels, columnPanels, packing: source, activation: epilogue.activation)
      })
  }

  /// An item as a block whose panels are yet to be set.
  func block(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rowStride: Int,
    accumulate: Bool = false, epilogue: Epilogue
  ) -> GEMMBlock {
    var block = GEMMBlock(left: left, right: right, output: output)
    block.leftDepth = shape.depth
    block.rows = shape.rows
    block.rowPanels = self.left.panels
    block.rightPanelStride = self.right.panelWidth * shape.depth
    block.columns = shape.columns
    block.rowStride = rowStride
    block.set(epilogue)
    // A residual in C's own memory is added before the first block of sums overwrites it.
    let inPlace = epilogue.residual == UnsafePointer(output)
    if inPlace { block.residual = nil }
    block.accumulates = accumulate || inPlace
    return block
  }

  /// A as it lies in memory, and where a thread packs a block of it.
  struct PackingSource {
    let matrix: MatrixView
    let target: UnsafeMutablePointer<Float>
  }

  /// The blocks of one task, each over all of the depth before the next rows.
  func compute(
    _ block: inout GEMMBlock, _ rowPanels: Range<Int>, _ columnPanels: Range<Int>, packing: PackingSource? = nil,
    activation: Activation
  ) {
    let accumulates = block.accumulates
    let applies = activation.bounds == nil
    (block.firstColumnPanel, block.endColumnPanel) = (columnPanels.lowerBound, columnPanels.upperBound)
    for rows in rowPanels.pieces(of: blocking.rowPanels) {
      (block.firstRowPanel, block.endRowPanel) = (rows.lowerBound, rows.upperBound)
      var start = 0
      repeat {
        let end = blocking.nextDepth(after: start)
        (block.leftStart, block.rightStart, block.depth) = (start, start, end - start)
        if let packing {
          pack(rows, depth: start..<end, packing, for: &block)
          fetchAhead(packing.matrix, rows: rows.upperBound..<rowPanels.upperBound, for: &block)
        }
        block.accumulates = accumulates || start > 0
        block.isLast = end == shape.depth
        context.table.gemm(&block)
        start = end
      } while start < shape.depth
      if applies { apply(activation, block, rows, columnPanels) }
    }
  }

  /// Packs a block of A and points the block at it: as if A had the block's depth and its rows began there.
  private func pack(_ rows: Range<Int>, depth: Range<Int>, _ packing: PackingSource, for block: inout GEMMBlock) {
    let firstRow = left.lanes(ofPanel: rows.lowerBound).lowerBound
    for panel in rows {
      let lanes = left.lanes(ofPanel: panel)
      let matrix = packing.matrix
      packPanel(
        from: matrix.base + lanes.lowerBound * matrix.rowStride + depth.lowerBound * matrix.columnStride,
        laneStride: matrix.rowStride, depthStride: matrix.columnStride, lanes: lanes.count, padded: lanes.count,
        depth: depth.count, into: packing.target + (lanes.lowerBound - firstRow) * depth.count)
    }
    block.left = UnsafePointer(packing.target) - firstRow * depth.count
    (block.leftDepth, block.leftStart) = (depth.count, 0)
  }

  /// Has the next block of A brought into the caches, where rows follow each other in memory.
  private func fetchAhead(_ matrix: MatrixView, rows: Range<Int>, for block: inout GEMMBlock) {
    guard blocking.depthBlocks == 1, matrix.columnStride == 1, matrix.rowStride == shape.depth else { return }
    let next = rows.prefix(blocking.rowPanels)
    let first = left.lanes(ofPanel: next.lowerBound).lowerBound
    block.ahead = next.isEmpty ? nil : matrix.base + first * matrix.rowStride
    block.aheadCount = next.isEmpty ? 0 : (left.lanes(ofPanel: next.upperBound - 1).upperBound - first) * shape.depth
  }

  private func apply(_ activation: Activation, _ block: GEMMBlock, _ rows: Range<Int>, _ columns: Range<Int>) {
    let row = left.lanes(ofPanel: rows.lowerBound).lowerBound
    let column = columns.lowerBound * right.panelWidth
    var area = ActivationBlock(
      elements: block.output + row * block.rowStride + column,
      rows: left.lanes(ofPanel: rows.upperBound - 1).upperBound - row,
      columns: min(shape.columns, columns.upperBound * right.panelWidth) - column,
      rowStride: block.rowStride, activation: activation)
    context.table.activate(&area)
  }

  /// An operand packed: as it came, or packed to `scratch` here.
  func prepare(
    _ operand: GEMMOperand, layout: PackedLayout, items: PackedItems?, scratch: UnsafeMutableRawPointer
  ) -> UnsafePointer<Float> {
    switch operand {
    case .packed(let packed): return packed.assumingMemoryBound(to: Float.self)
    case .strided(let view):
      let target = scratch.assumingMemoryBound(to: Float.self)
      guard let items else { return UnsafePointer(target) }
      layout.pack(view, offsets: items.offsets, into: target, context: context)
      return UnsafePointer(target)
    }
  }
}

/// The distinct matrices of an operand over a batch.
struct PackedItems: Sendable {
  /// Offsets of the distinct matrices.
  private(set) var offsets: [Int] = []
  /// For every item of the batch, which of them it is.
  private(set) var index: [Int] = []

  init(_ all: [Int]) {
    var known: [Int: Int] = [:]
    for offset in all {
      let place = known[offset] ?? offsets.count
      if place == offsets.count {
        known[offset] = place
        offsets.append(offset)
      }
      index.append(place)
    }
  }

  func bytes(_ layout: PackedLayout) -> Int { (layout.byteCount * offsets.count).roundedUp(to: 64) }
}

extension Range<Int> {
  /// The range in pieces of `size`, the last one shorter.
  func pieces(of size: Int) -> RangePieces { RangePieces(rest: self, size: size) }

  /// One of `count` pieces as even as can be.
  func piece(_ index: Int, of count: Int) -> Range<Int> {
    lowerBound + index * self.count / count..<lowerBound + (index + 1) * self.count / count
  }
}

/// Consecutive pieces of a range; a type of its own, since a lazy map would allocate its closure in every task.
struct RangePieces: Sequence, IteratorProtocol {
  fileprivate var rest: Range<Int>
  fileprivate let size: Int

  mutating func next() -> Range<Int>? {
    guard !rest.isEmpty else { return nil }
    let piece = rest.prefix(size)
    rest = piece.upperBound..<rest.upperBound
    return piece
  }
}
