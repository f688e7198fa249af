import KernelTemplates

/// Implicit GEMM with output positions as rows and the weights as B: for so few positions that lanes would idle.
///
/// A block of sums [position][channel] stays in the worker's scratch and is transposed into the output when it is complete.
struct ChannelsInLanes: PackedGroups {
  let weightLayout: PackedLayout
  let copyBytes: Int
  let workerBytes: Int

  let shape: ConvolutionShape
  private let input: PaddedInput
  let context: KernelContext
  private let blocking: GEMMBlocking
  private let positionLayout: PackedLayout
  private let offsets: [Int]
  /// Positions lie one behind the other, so that tiles may pack them.
  private let isContiguous: Bool
  private let rowsAtOnce: Int, columnsAtOnce: Int
  private let packedBytes: Int, sumBytes: Int, squareBytes: Int

  init(_ shape: ConvolutionShape, input: PaddedInput, context: KernelContext) {
    self.shape = shape
    self.input = input
    self.context = context
    let table = context.table
    weightLayout = .rightTiles(depth: shape.reduction, columns: shape.groupOutputChannels, table: table)
    positionLayout = .leftTiles(rows: shape.output.product, depth: shape.reduction, table: table)
    blocking = GEMMBlocking(
      left: positionLayout, right: weightLayout, items: shape.batch * shape.groups, threads: context.pool.threads,
      table: table)
    offsets = input.offsets(channels: shape.groupInputChannels)
    isContiguous = input.lines(lanes: table.lanes).map { $0.length == shape.output.product } ?? false
    copyBytes =
      input.isCopy ? (shape.batch * shape.inputChannels * input.channelStride * 4).roundedUp(to: 64) : 0
    let l2 = CacheSizes.current.l2
    rowsAtOnce = max(1, min(blocking.rowPanelsPerTask, l2 / 4 / (blocking.blockDepth * table.tileRows * 4)))
    columnsAtOnce = max(
      1, min(blocking.columnPanelsPerTask, l2 / 4 / (rowsAtOnce * table.tileRows * table.tileColumns * 4)))
    packedBytes = (rowsAtOnce * table.tileRows * blocking.blockDepth * 4 + 64).roundedUp(to: 64)
    // The sums are read in whole squares of vectors.
    let rows = (rowsAtOnce * table.tileRows).roundedUp(to: table.lanes)
    sumBytes = rows * columnsAtOnce * table.tileColumns * 4
    squareBytes = table.lanes * table.lanes * 4
    workerBytes = packedBytes + sumBytes + squareBytes + (table.tileRows * MemoryLayout<Run>.stride).roundedUp(to: 64)
  }

  func run(_ call: ConvolutionCall) {
    let source = prepareInput(call, input, shape, context)
    context.pool.parallel(
      blocking.tasks,
      perWorker: { task, worker in
        let (item, rowPanels, columnPanels) = blocking.task(task)
        let (image, group) = item.quotientAndRemainder(dividingBy: shape.groups)
        let memory = call.scratch + copyBytes + worker * workerBytes
        let packed = memory.assumingMemoryBound(to: Float.self)
        let sums = (memory + packedBytes).assumingMemoryBound(to: Float.self)
        let square = (memory + packedBytes + sumBytes).assumingMemoryBound(to: Float.self)
        let runs = (memory + packedBytes + sumBytes + squareBytes).assumingMemoryBound(to: Run.self)
        let image0 = source + (image * shape.inputChannels + group * shape.groupInputChannels) * input.channelStride
        for rows in rowPanels.pieces(of: rowsAtOnce) {
          for columns in columnPanels.pieces(of: columnsAtOnce) {
            compute(
              call, rows, columns, group: group, from: image0, packed: packed, sums: sums, runs: runs)
            store(call, rows, columns, image: image, group: group, sums: sums, square: square)
          }
        }
      })
  }

  /// The sums of a block, with their bias.
  private func compute(
    _ call: ConvolutionCall, _ rows: Range<Int>, _ columns: Range<Int>, group: Int,
    from source: UnsafePointer<Float>, packed: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
    runs: UnsafeMutablePointer<Run>
  ) {
    let firstRow = positionLayout.lanes(ofPanel: rows.lowerBound).lowerBound
    let firstColumn = columns.lowerBound * weightLayout.panelWidth
    let rowStride = columnsAtOnce * weightLayout.panelWidth
    // The first column panel's tiles pack the rows, if they are wide enough.
    let tilesPack = isContiguous && shape.groupOutputChannels - firstColumn > context.table.lanes
    var start = 0
    repeat {
      let end = blocking.nextDepth(after: start)
      let depth = end - start
      if !tilesPack { pack(rows, depth: start..<end, from: source, runs: runs, into: packed) }
      // The packed rows and the sums begin with this block's, the arithmetic of panels with the matrix's.
      var block = GEMMBlock(
        left: UnsafePointer(packed) - firstRow * depth, right: call.weights + group * weightLayout.count,
        output: sums - (firstRow * rowStride + firstColumn))
      block.leftDepth = depth
      block.rows = shape.output.product
      block.rowPanels = positionLayout.panels
      block.rightPanelStride = weightLayout.panelWidth * shape.reduction
      block.columns = shape.groupOutputChannels
      block.rowStride = rowStride
      (block.leftStart, block.rightStart, block.depth) = (0, start, depth)
      (block.firstRowPanel, block.endRowPanel) = (rows.lowerBound, rows.upperBound)
      (block.firstColumnPanel, block.endColumnPanel) = (columns.lowerBound, columns.upperBound)
      block.accumulates = start > 0
      block.isLast = end == shape.reduction
      block.columnBias = call.epilogue.bias.map { $0 + group * shape.groupOutputChannels }
      // With a residual the bounds are for `store` to apply.
      if call.epilogue.residual == nil, let bounds = call.epilogue.activation.bounds {
        (block.lowerBound, block.upperBound) = bounds
      }
      offsets.withUnsafeBufferPointer { offsets in
        if tilesPack, let first = offsets.baseAddress {
          block.unpackedLeft = UnpackedPositions(
            source: source, offsets: first + start, lineLength: shape.output.product, lineStride: 0)
        }
        context.table.gemm(&block)
      }
      start = end
    } while start < shape.reduction
  }

  private func pack(
    _ panels: Range<Int>, depth: Range<Int>, from source: UnsafePointer<Float>, runs: UnsafeMutablePointer<Run>,
    into packed: UnsafeMutablePointer<Float>
  ) {
    let firstRow = positionLayout.lanes(ofPanel: panels.lowerBound).lowerBound
    offsets.withUnsafeBufferPointer { offsets in
      guard let first = offsets.baseAddress else { return }
      for panel in panels {
        let lanes = positionLayout.lanes(ofPanel: panel)
        var job = RunPanel(
          source: source, runs: runs, runCount: input.runs(lanes, into: runs), offsets: first + depth.lowerBound,
          depth: depth.count, width: lanes.count, target: packed + (lanes.lowerBound - firstRow) * depth.count)
        context.table.packRuns(&job)
      }
    }
  }

  /// Transposes a finished block into the output, with residual and activation.
  private func store(
    _ call: ConvolutionCall, _ rows: Range<Int>, _ columns: Range<Int>, image: Int, group: Int,
    sums: UnsafePointer<Float>, square: UnsafeMutablePointer<Float>
  ) {
    let plane = shape.output.product
    let firstRow = positionLayout.lanes(ofPanel: rows.lowerBound).lowerBound
    let endRow = positionLayout.lanes(ofPanel: rows.upperBound - 1).upperBound
    let firstColumn = columns.lowerBound * weightLayout.panelWidth
    let endColumn = min(shape.groupOutputChannels, columns.upperBound * weightLayout.panelWidth)
    let channel = image * shape.outputChannels + group * shape.groupOutputChannels + firstColumn
    let place = channel * plane + firstRow
    var job = TransposedSums(
      sums: sums, rowStride: columnsAtOnce * weightLayout.panelWidth, positions: endRow - firstRow,
      channels: endColumn - firstColumn, output: call.output + place, channelStride: plane, square: square)
    if let residual = call.epilogue.residual {
      job.residual = residual + place
      if let bounds = call.epilogue.activation.bounds { (job.lowerBound, job.upperBound) = bounds }
    }
    context.table.storeTransposed(&job)
    activate(
      call, context.table, channel: channel, channels: endColumn - firstColumn, columns: firstRow..<endRow,
      plane: plane)
  }
}
