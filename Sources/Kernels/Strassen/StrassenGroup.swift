import CIntrinsics
import KernelTemplates

/// Products of one matrix by several constant ones, by Strassen's algorithm.
///
/// Even rows of A are one half and odd rows the other, so that a sum never takes in a row from far away.
struct StrassenGroup: Sendable {
  let scratchBytes: Int

  private let context: KernelContext
  private let product: StrassenProduct
  /// Rows of A.
  private let rows: Int

  /// Whether matrices of these sizes are cut into whole panels.
  static func supports(depth: Int, columns: Int, table: KernelTable) -> Bool {
    table.product == nil && StrassenProduct.supports(depth: depth, columns: columns, table: table)
  }

  /// Plans products whose sizes are supported.
  init(rows: Int, depth: Int, columns: [Int], context: KernelContext) {
    (self.rows, self.context) = (rows, context)
    product = StrassenProduct(
      rows: rows, depth: depth, columns: columns, packing: .direct, storing: .products, context: context)
    scratchBytes = product.scratchBytes
  }

  /// Computes the products: see `GEMMGroup.run`.
  func run(left: MatrixView, scratch: UnsafeMutableRawPointer, member: (_ index: Int) -> GEMMGroup.Member) {
    product.run(
      scratch: scratch, right: { member($0).right.assumingMemoryBound(to: Float.self) }, pack: { pack($0, of: left) },
      prepare: { fetch($0, $1, of: member($1.member)) }, store: { store($0, member($0.pair.member)) })
  }

  private func pack(_ piece: StrassenProduct.Piece, of matrix: MatrixView) {
    // The lower half may lack the last row, which is zero then.
    let present = min(piece.rows.upperBound, (rows + 1 - piece.half) / 2) - piece.rows.lowerBound
    let first = matrix.base + (2 * piece.rows.lowerBound + piece.half) * matrix.rowStride
    packPanel(
      from: first + piece.depth.lowerBound * matrix.columnStride, laneStride: 2 * matrix.rowStride,
      depthStride: matrix.columnStride, lanes: present, padded: piece.rows.count, depth: piece.depth.count,
      into: piece.target)
  }

  /// Has the lines of a result brought into the caches.
  private func fetch(_ rows: Range<Int>, _ pair: StrassenProduct.Pair, of member: GEMMGroup.Member) {
    let width = context.table.tileColumns
    for row in 2 * rows.lowerBound..<min(2 * rows.upperBound, self.rows) {
      for half in 0..<2 {
        let place = row * member.rowStride + (half * pair.panels + pair.panel) * width
        for line in 0..<(width + 15) / 16 {
          isa_prefetch(member.output + (place + 16 * line))
          if let residual = member.epilogue.residual { isa_prefetch(residual + (place + 16 * line)) }
        }
      }
    }
  }

  /// Puts products together to rows of the result.
  private func store(_ tile: StrassenProduct.Tile, _ member: GEMMGroup.Member) {
    let width = context.table.tileColumns
    let place = 2 * tile.rows.lowerBound * member.rowStride + tile.pair.panel * width
    var job = StrassenResult(
      products: tile.sums, productStride: tile.stride, rows: tile.rows.count,
      lowerRows: min(tile.rows.upperBound, rows / 2) - tile.rows.lowerBound, columns: width,
      output: member.output + place, rowStride: member.rowStride, columnStride: tile.pair.panels * width)
    (job.before, job.beforeStride) = (tile.before, tile.stride)
    job.bias = member.epilogue.bias.map { $0 + tile.pair.panel * width }
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
