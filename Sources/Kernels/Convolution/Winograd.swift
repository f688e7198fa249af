import KernelTemplates

/// Winograd's convolution of 3x3 taps and stride 1: tiles and filters are transformed, multiplied component by component as
/// matrices, and the sums transformed back.
///
/// A block of tile rows is transformed once, by all threads, into the packed B panels of every component. A task then takes some
/// output channels: it transforms their filters and multiplies them, a piece of depth and two lines of components at a time, and
/// transforms the sums back while they are in its cache. Of a grouped convolution a task takes whole groups.
///
/// Filters stay in memory as the nine taps that they are: transforming them anew costs a few percent of the time, a fifth in deep
/// layers of few tiles, while transformed filters would take 1.8 or 4 times the memory and its bandwidth, which limits just those.
/// They lie as the tiles read them, which follows from the algorithm and from whether one vector holds all tiles: plans for
/// images of both kinds have their own copy.
struct Winograd: ConvolutionBody {
  let packedWeightBytes: Int
  let copyBytes: Int
  let workerBytes: Int

  private let shape: ConvolutionShape
  private let context: KernelContext
  /// The tiles of a block.
  private let tiles: WinogradTiles
  /// Panels that a group's output channels are dealt over, as evenly as units of so many channels allow.
  private let panelCount: Int, panelUnit: Int
  /// Channels whose filters are transformed at a time.
  private let depthBlock: Int
  /// Panels of a task.
  private let panelsAtOnce: Int
  /// Elements from one component to the next: of the transformed input and the sums.
  ///
  /// Odd numbers of cache lines, so that the components of one place lie in different sets of the caches.
  private let inputStride: Int, sumStride: Int

  /// - Parameter outputs: output positions along one axis of a tile: 2 or 4.
  init(_ shape: ConvolutionShape, outputs: Int, context: KernelContext) {
    self.shape = shape
    self.context = context
    let table = context.table
    let width = (shape.output.width + outputs - 1) / outputs * outputs
    let tileRows = (shape.output.height + outputs - 1) / outputs
    let (channels, depth) = (shape.groupOutputChannels, shape.groupInputChannels)

    let blocks = Self.blocks(tileRows: tileRows, tilesPerRow: width / outputs)
    tiles = WinogradTiles(
      products: outputs + 2, tileRows: (tileRows + blocks - 1) / blocks, width: width, lanes: table.lanes)

    let isTall = tiles.vectors == 1 && channels % 2 == 0 && table.tallRows > table.tileRows
    let panelRows = isTall ? table.tallRows : table.tileRows
    panelUnit = isTall ? 2 : 1
    panelCount = (channels + panelRows - 1) / panelRows
    packedWeightBytes = shape.groups * channels * depth * 9 * 4

    let mostDepth = Self.filterBytes / (2 * tiles.products * panelRows * 4)
    let pieces = (depth + mostDepth - 1) / mostDepth
    depthBlock = (depth + pieces - 1) / pieces
    // One panel at a time, or more where their sums and the input of a piece of depth take no more than half the second-level
    // cache.
    let cache = CacheSizes.current.l2
    let panelSumBytes = tiles.components * panelRows * tiles.columns * 4
    let mostPanels = max(1, (cache / 2 - tiles.components * depthBlock * tiles.columns * 4) / panelSumBytes)
    let tasks = max(1, (panelCount + mostPanels - 1) / mostPanels)
    let evenTasks = shape.groups == 1 ? tasks.roundedUp(to: context.pool.threads) : tasks
    panelsAtOnce = max(1, (panelCount + evenTasks - 1) / evenTasks)

    inputStride = (depth * tiles.columns).roundedUpToOddLines
    sumStride = (panelsAtOnce * panelRows * tiles.columns).roundedUpToOddLines
    let stripCount = outputs * tiles.stripLength
    let filterCount = 2 * tiles.products * (panelRows * depthBlock).roundedUp(to: table.lanes)
    let taskCount = max(2 * stripCount, tiles.components * sumStride + max(filterCount, stripCount))
    let inputBytes = (tiles.components * inputStride * 4).roundedUp(to: 64)
    let taskBytes = (taskCount * 4).roundedUp(to: 64)
    copyBytes = shape.groups == 1 ? inputBytes : 0
    workerBytes = shape.groups == 1 ? taskBytes : taskBytes + inputBytes
  }

  /// Transformed filters at a time, of two lines of components: a part of the second-level cache.
  ///
  /// It does not follow the machine's cache, as the layout of the weights depends on it, which plan files take elsewhere.
  private static var filterBytes: Int { 112 << 10 }

  /// Tiles of a block, about: enough to make good for the transform of the filters.
  private static var columnsAtOnce: Int { 128 }
  /// Blocks of equal height that tile rows are cut into.
  static func blocks(tileRows: Int, tilesPerRow: Int) -> Int {
    let most = max(1, columnsAtOnce / max(1, tilesPerRow))
    return (tileRows + most - 1) / most
  }

  var weightFormat: String {
    "taps of \(depthBlock) channels in \(panelCount) panels by \(panelUnit), \(shape.groups) groups"
  }

  /// Filters of a panel lie [piece of depth][tap][channel][row], as a task reads them.
  func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let (channels, depth) = (shape.groupOutputChannels, shape.groupInputChannels)
    context.pool.parallel(shape.groups * panelCount) { index in
      let (group, panel) = index.quotientAndRemainder(dividingBy: panelCount)
      let lanes = rows(ofPanel: panel)
      let first = group * channels + lanes.lowerBound
      var to = packed + first * depth * 9
      for start in stride(from: 0, to: depth, by: depthBlock) {
        let count = min(depthBlock, depth - start)
        for tap in 0..<9 {
          packPanel(
            from: weights + (first * depth + start) * 9 + tap, laneStride: depth * 9, depthStride: 9,
            lanes: lanes.count, padded: lanes.count, depth: count, into: to)
          to += lanes.count * count
        }
      }
    }
  }

  func run(_ call: ConvolutionCall) {
    if shape.groups == 1 {
      for image in 0..<shape.batch { runTogether(call, image: image) }
    } else {
      context.pool.parallel(
        shape.batch * shape.groups,
        perWorker: { item, worker in
          let memory = (call.scratch + worker * workerBytes).assumingMemoryBound(to: Float.self)
          let (image, group) = item.quotientAndRemainder(dividingBy: shape.groups)
          runAlone(call, image: image, group: group, memory: memory)
        })
    }
    activate(
      call, context.table, channel: 0, channels: shape.batch * shape.outputChannels, columns: 0..<shape.output.product,
      plane: shape.output.product)
  }

  /// Output channels of a panel.
  private func rows(ofPanel panel: Int) -> Range<Int> {
    let units = shape.groupOutputChannels / panelUnit
    let first = GEMMBlock.firstRow(ofPanel: panel, rows: units, panels: panelCount)
    let end = GEMMBlock.firstRow(ofPanel: panel + 1, rows: units, panels: panelCount)
    return first * panelUnit..<end * panelUnit
  }

  /// First output rows of the blocks.
  private var blockRows: StrideTo<Int> { stride(from: 0, to: shape.output.height, by: tiles.tileRows * tiles.outputs) }

  /// An image by all threads.
  private func runTogether(_ call: ConvolutionCall, image: Int) {
    let input = call.scratch.assumingMemoryBound(to: Float.self)
    let tasks = (panelCount + panelsAtOnce - 1) / panelsAtOnce
    // A few channels at a time, so that a dispatch of small planes pays.
    let channels = max(1, 512 / tiles.columns)
    for row in blockRows {
      context.pool.parallel(
        (shape.inputChannels + channels - 1) / channels,
        perWorker: { task, worker in
          let memory = (call.scratch + copyBytes + worker * workerBytes).assumingMemoryBound(to: Float.self)
          transformInput(
            call, task * channels..<min(shape.inputChannels, (task + 1) * channels), image: image, group: 0,
            firstRow: row, strips: memory, into: input)
        })
      context.pool.parallel(
        tasks,
        perWorker: { task, worker in
          let memory = (call.scratch + copyBytes + worker * workerBytes).assumingMemoryBound(to: Float.self)
          let panels = task * panelsAtOnce..<min(panelCount, (task + 1) * panelsAtOnce)
          compute(call, panels, image: image, group: 0, firstRow: row, input: input, memory: memory)
        })
    }
  }

  /// A group of an image by one thread.
  private func runAlone(_ call: ConvolutionCall, image: Int, group: Int, memory: UnsafeMutablePointer<Float>) {
    let input = memory
    let task = memory + (tiles.components * inputStride).roundedUp(to: 16)
    for row in blockRows {
      transformInput(
        call, 0..<shape.groupInputChannels, image: image, group: group, firstRow: row, strips: task, into: input)
      for panels in (0..<panelCount).pieces(of: panelsAtOnce) {
        compute(call, panels, image: image, group: group, firstRow: row, input: input, memory: task)
      }
    }
  }

  /// Transforms channels of a group.
  private func transformInput(
    _ call: ConvolutionCall, _ channels: Range<Int>, image: Int, group: Int, firstRow: Int,
    strips: UnsafeMutablePointer<Float>, into input: UnsafeMutablePointer<Float>
  ) {
    let depth = shape.groupInputChannels
    let panelWidth = context.table.tileColumns
    let panelVectors = panelWidth / context.table.lanes
    // The last panel may be narrower than the others.
    let lastWidth = tiles.columns - (tiles.columns - 1) / panelWidth * panelWidth
    let first = call.input + (image * shape.inputChannels + group * depth) * shape.input.product
    for channel in channels {
      var plane = WinogradPlane(
        tiles: tiles, input: first + channel * shape.input.product, strips: strips,
        target: input + channel * panelWidth)
      (plane.height, plane.width) = (shape.input.height, shape.input.width)
      (plane.firstRow, plane.firstColumn) = (firstRow - shape.padsBegin.height, -shape.padsBegin.width)
      (plane.panelStride, plane.componentStride) = (panelWidth * depth, inputStride)
      (plane.panelVectors, plane.lastPanelShift) = (panelVectors, channel * (lastWidth - panelWidth))
      context.table.winogradInput(&plane)
    }
  }

  /// Output channels of a block of rows.
  private func compute(
    _ call: ConvolutionCall, _ panels: Range<Int>, image: Int, group: Int, firstRow: Int, input: UnsafePointer<Float>,
    memory: UnsafeMutablePointer<Float>
  ) {
    let rest = memory + tiles.components * sumStride
    multiply(call, panels, group: group, input: input, filters: rest, sums: memory)
    transformOutput(call, panels, image: image, group: group, firstRow: firstRow, sums: memory, strips: rest)
  }

  /// The sums of some output channels, component by component.
  private func multiply(
    _ call: ConvolutionCall, _ panels: Range<Int>, group: Int, input: UnsafePointer<Float>,
    filters: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    let depth = shape.groupInputChannels
    let firstRow = rows(ofPanel: panels.lowerBound).lowerBound
    for start in stride(from: 0, to: depth, by: depthBlock) {
      let count = min(depthBlock, depth - start)
      for panel in panels {
        let rows = rows(ofPanel: panel)
        var job = WinogradFilters(
          products: tiles.products, taps: taps(call, rows, group: group, depth: start), rows: rows.count,
          transformed: filters, inputStride: inputStride, sumStride: sumStride)
        var block = GEMMBlock(
          left: filters, right: input, output: sums + (rows.lowerBound - firstRow) * tiles.columns)
        (block.columns, block.rowStride) = (tiles.columns, tiles.columns)
        (block.rightPanelStride, block.rightStart, block.depth) = (context.table.tileColumns * depth, start, count)
        block.accumulates = start > 0
        block.isLast = false
        (block.ahead, block.aheadCount) = next(call, panel: panel, of: panels, group: group, depth: start)
        context.table.winogradProducts(&job, &block)
      }
    }
  }

  /// The taps of a panel's rows, from a channel on at which a piece of depth begins.
  private func taps(_ call: ConvolutionCall, _ rows: Range<Int>, group: Int, depth: Int) -> UnsafePointer<Float> {
    call.weights
      + ((group * shape.groupOutputChannels + rows.lowerBound) * shape.groupInputChannels + depth * rows.count) * 9
  }

  /// The filters that come next: those of a task's following panel, of its next piece of depth, or of the next task.
  ///
  /// They come from memory, and the products from the caches.
  private func next(
    _ call: ConvolutionCall, panel: Int, of panels: Range<Int>, group: Int, depth: Int
  ) -> (UnsafePointer<Float>?, count: Int) {
    var (panel, depth) = (panel + 1, depth)
    if panel == panels.upperBound {
      depth += depthBlock
      if depth < shape.groupInputChannels { panel = panels.lowerBound } else { depth = 0 }
    }
    guard panel < panelCount else { return (nil, 0) }
    let rows = rows(ofPanel: panel)
    let count = rows.count * min(depthBlock, shape.groupInputChannels - depth) * 9
    return (taps(call, rows, group: group, depth: depth), count)
  }

  private func transformOutput(
    _ call: ConvolutionCall, _ panels: Range<Int>, image: Int, group: Int, firstRow: Int,
    sums: UnsafePointer<Float>, strips: UnsafeMutablePointer<Float>
  ) {
    let first = rows(ofPanel: panels.lowerBound).lowerBound
    for row in first..<rows(ofPanel: panels.upperBound - 1).upperBound {
      let channel = group * shape.groupOutputChannels + row
      let place = (image * shape.outputChannels + channel) * shape.output.product + firstRow * shape.output.width
      var job = WinogradSums(
        tiles: tiles, sums: sums + (row - first) * tiles.columns, strips: strips, output: call.output + place)
      job.componentStride = sumStride
      job.rows = min(tiles.tileRows * tiles.outputs, shape.output.height - firstRow)
      job.width = shape.output.width
      job.bias = call.epilogue.bias?[channel] ?? 0
      job.residual = call.epilogue.residual.map { $0 + place }
      if let bounds = call.epilogue.activation.bounds { (job.lowerBound, job.upperBound) = bounds }
      context.table.winogradOutput(&job)
    }
  }
}

extension Int {
  /// The smallest odd number of cache lines' worth of floats that is not less.
  fileprivate var roundedUpToOddLines: Int { roundedUp(to: 32) + 16 }
}
