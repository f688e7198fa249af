import KernelTemplates

/// Implicit GEMM with the weights as A and output positions as columns: sums land in the output as it lies.
struct PositionsInLanes: PackedGroups {
  let weightLayout: PackedLayout
  let copyBytes: Int
  let workerBytes: Int

  let shape: ConvolutionShape
  private let input: PaddedInput
  let context: KernelContext
  private let blocking: GEMMBlocking
  private let columnLayout: PackedLayout
  private let offsets: [Int]
  /// Column panels that are packed at a time.
  private let panelsAtOnce: Int
  /// How positions lie, if the tiles are to pack whole panels.
  private let lines: (length: Int, stride: Int)?

  init(_ shape: ConvolutionShape, input: PaddedInput, context: KernelContext) {
    self.shape = shape
    self.input = input
    self.context = context
    let table = context.table
    weightLayout = .leftTiles(rows: shape.groupOutputChannels, depth: shape.reduction, table: table)
    columnLayout = .rightTiles(depth: shape.reduction, columns: shape.output.product, table: table)
    blocking = GEMMBlocking(
      left: weightLayout, right: columnLayout, items: shape.batch * shape.groups, threads: context.pool.threads,
      table: table)
    offsets = input.offsets(channels: shape.groupInputChannels)
    lines = input.lines(lanes: table.lanes)
    copyBytes =
      input.isCopy ? (shape.batch * shape.inputChannels * input.channelStride * 4).roundedUp(to: 64) : 0
    let panelBytes = blocking.blockDepth * table.tileColumns * 4
    panelsAtOnce = max(1, min(blocking.columnPanelsPerTask, CacheSizes.current.l2 / 4 / panelBytes))
    workerBytes =
      (panelsAtOnce * panelBytes + 64).roundedUp(to: 64)
      + (table.tileColumns * MemoryLayout<Run>.stride).roundedUp(to: 64)
  }

  func run(_ call: ConvolutionCall) {
    let source = prepareInput(call, input, shape, context)
    let inPlace = call.epilogue.residual == UnsafePointer(call.output)
    context.pool.parallel(
      blocking.tasks,
      perWorker: { task, worker in
        let (item, rowPanels, columnPanels) = blocking.task(task)
        let (image, group) = item.quotientAndRemainder(dividingBy: shape.groups)
        let memory = call.scratch + copyBytes + worker * workerBytes
        let firstChannel = group * shape.groupOutputChannels
        let place = (image * shape.outputChannels + firstChannel) * shape.output.product
        let packed = memory.assumingMemoryBound(to: Float.self)
        let runs = (memory + (workerBytes - (context.table.tileColumns * MemoryLayout<Run>.stride).roundedUp(to: 64)))
          .assumingMemoryBound(to: Run.self)

        var block = GEMMBlock(
          left: call.weights + group * weightLayout.count, right: UnsafePointer(packed), output: call.output + place)
        block.leftDepth = shape.reduction
        block.rows = shape.groupOutputChannels
        block.rowPanels = weightLayout.panels
        block.columns = shape.output.product
        block.rowStride = shape.output.product
        block.set(call.epilogue)
        block.columnBias = nil
        block.rowBias = call.epilogue.bias.map { $0 + firstChannel }
        block.residual = inPlace ? nil : call.epilogue.residual.map { $0 + place }

        let image0 = source + (image * shape.inputChannels + group * shape.groupInputChannels) * input.channelStride
        offsets.withUnsafeBufferPointer { offsets in
          // Panels up to here are packed by the first tiles that read them, each in the place of the one before if nothing else
          // does, so that it never leaves the first-level cache.
          let whole =
            lines == nil || offsets.isEmpty
            ? columnPanels.lowerBound : min(columnPanels.upperBound, shape.output.product / columnLayout.panelWidth)
          let sharesPlace = rowPanels.count <= blocking.rowPanels
          var firstPanel = columnPanels.lowerBound
          while firstPanel < columnPanels.upperBound {
            let isWhole = firstPanel < whole
            let columns = (firstPanel..<(isWhole ? whole : columnPanels.upperBound)).prefix(panelsAtOnce)
            firstPanel = columns.upperBound
            (block.firstColumnPanel, block.endColumnPanel) = (columns.lowerBound, columns.upperBound)
            block.rightFirstPanel = columns.lowerBound
            var start = 0
            repeat {
              let end = blocking.nextDepth(after: start)
              block.unpackedRight = nil
              if isWhole, let lines, let first = offsets.baseAddress {
                block.unpackedRight = UnpackedPositions(
                  source: image0, offsets: first + start, lineLength: lines.length, lineStride: lines.stride)
              } else {
                pack(columns, depth: start..<end, from: image0, runs: runs, into: packed)
              }
              (block.leftStart, block.rightStart, block.depth) = (start, 0, end - start)
              block.rightPanelStride = isWhole && sharesPlace ? 0 : (end - start) * columnLayout.panelWidth
              block.accumulates = inPlace || start > 0
              block.isLast = end == shape.reduction
              for rows in rowPanels.pieces(of: blocking.rowPanels) {
                (block.firstRowPanel, block.endRowPanel) = (rows.lowerBound, rows.upperBound)
                context.table.gemm(&block)
                block.unpackedRight = nil
              }
              start = end
            } while start < shape.reduction
            let rows =
              weightLayout.lanes(ofPanel: rowPanels.lowerBound)
              .lowerBound..<weightLayout.lanes(
                ofPanel: rowPanels.upperBound - 1
              ).upperBound
            activate(
              call, context.table, channel: image * shape.outputChannels + firstChannel + rows.lowerBound,
              channels: rows.count,
              columns: columns.lowerBound
                * columnLayout.panelWidth..<columnLayout.lanes(
                  ofPanel: columns.upperBound - 1
                ).upperBound,
              plane: shape.output.product)
          }
        }
      })
  }

  private func pack(
    _ panels: Range<Int>, depth: Range<Int>, from source: UnsafePointer<Float>, runs: UnsafeMutablePointer<Run>,
    into packed: UnsafeMutablePointer<Float>
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      guard let first = offsets.baseAddress else { return }
      for panel in panels {
        let lanes = columnLayout.lanes(ofPanel: panel)
        var job = RunPanel(
          source: source, runs: runs, runCount: input.runs(lanes, into: runs), offsets: first + depth.lowerBound,
          depth: depth.count, width: lanes.count.roundedUp(to: columnLayout.granule),
          target: packed + (panel - panels.lowerBound) * depth.count * columnLayout.panelWidth)
        context.table.packRuns(&job)
      }
    }
  }
}
