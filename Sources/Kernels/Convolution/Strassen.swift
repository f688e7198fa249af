import KernelTemplates

/// Implicit GEMM by one step of Strassen's algorithm: seven products of quarters in the place of eight.
///
/// Output channels, depth and output positions are cut in halves, the second of which may lack one. All threads combine the
/// quarters of a block of positions to the packed rows of the seven products. A task then multiplies rows by the combined
/// weights of one panel of channels, and puts the products together while they are in its cache. Positions are rows and channels
/// lie in lanes.
///
/// The weights are combined when they are packed and take seven quarters of their memory: combining them anew would cost two
/// percent, an eighth of what is gained.
struct Strassen: ConvolutionBody {
  let packedWeightBytes: Int
  let copyBytes: Int
  let workerBytes: Int

  private let shape: ConvolutionShape
  private let input: PaddedInput
  private let context: KernelContext
  private let offsets: [Int]
  /// Sizes of a quarter.
  private let positions: Int, depth: Int, channels: Int
  /// Layouts of one product's operands.
  private let weightLayout: PackedLayout, positionLayout: PackedLayout
  /// Blocks of row panels, and the parts of a block that tasks take.
  private let blocks: Int, parts: Int
  private let paddedBytes: Int
  /// Elements from one quarter to the next as they are gathered, from one product to the next of the packed rows and of the sums.
  private let quarterStride: Int, rowStride: Int, sumStride: Int

  /// Products of quarters.
  private static var products: Int { 7 }
  /// Depth that is gathered at a time: four quarters of a panel stay in the first-level cache.
  private static var gatheredDepth: Int { 128 }
  /// Depth of a product at a time.
  private static var deepest: Int { 512 }
  /// Rows of a block at least, about: enough to make good for the weights' way from memory.
  private static var rowsAtOnce: Int { 96 }

  init(_ shape: ConvolutionShape, input: PaddedInput, context: KernelContext) {
    self.shape = shape
    self.input = input
    self.context = context
    let table = context.table
    positions = (shape.output.product + 1) / 2
    depth = (shape.reduction + 1) / 2
    channels = (shape.outputChannels + 1) / 2
    offsets = input.offsets(channels: shape.inputChannels)
    weightLayout = .rightTiles(depth: depth, columns: channels, table: table)
    positionLayout = .leftTiles(rows: positions, depth: depth, table: table)
    packedWeightBytes = Self.products * weightLayout.byteCount

    blocks = Self.blocks(rows: positions, depth: depth, table: table)
    let panels = (positionLayout.panels + blocks - 1) / blocks
    // Panels of channels that do not divide among the threads are cut by rows too.
    parts = weightLayout.panels % context.pool.threads == 0 ? 1 : min(panels, context.pool.threads)
    quarterStride = (Self.gatheredDepth * table.tileRows + table.lanes).roundedUp(to: 16)
    rowStride = (panels * table.tileRows * depth).roundedUp(to: 32) + 16
    // The sums are read in whole squares of vectors.
    let rows = ((panels + parts - 1) / parts * table.tileRows).roundedUp(to: table.lanes)
    sumStride = (rows * table.tileColumns).roundedUp(to: 32) + 16

    paddedBytes =
      input.isCopy ? (shape.batch * shape.inputChannels * input.channelStride * 4).roundedUp(to: 64) : 0
    copyBytes = paddedBytes + (Self.products * rowStride * 4).roundedUp(to: 64)
    let gathering = 4 * quarterStride * 4 + table.tileRows * MemoryLayout<Run>.stride
    let multiplying = (Self.products * sumStride + table.lanes * table.lanes) * 4
    workerBytes = max(gathering, multiplying).roundedUp(to: 64)
  }

  /// Blocks that the rows of a half are cut into: the packed rows of one stay near the second-level cache.
  static func blocks(rows: Int, depth: Int, table: KernelTable) -> Int {
    let panels = (rows + table.tileRows - 1) / table.tileRows
    let panelBytes = products * max(1, depth) * table.tileRows * 4
    let most = max(rowsAtOnce / table.tileRows, CacheSizes.current.l2 * 3 / 2 / panelBytes)
    return (panels + most - 1) / most
  }

  var weightFormat: String {
    "seven combined quarters in panels of \(weightLayout.panelWidth) by \(weightLayout.granule)"
  }

  func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let stride = weightLayout.count
    context.pool.parallel(weightLayout.panels) { panel in
      let lanes = weightLayout.lanes(ofPanel: panel)
      let width = lanes.count.roundedUp(to: weightLayout.granule)
      let place = packed + lanes.lowerBound * depth
      // Quarters 11, 12, 21 and 22 lie where the operands of these products will.
      for (quarter, product) in [0, 1, 6, 3].enumerated() {
        let target = place + product * stride
        let (firstChannel, firstStep) = (quarter / 2 * channels + lanes.lowerBound, quarter % 2 * depth)
        let steps = min(depth, shape.reduction - firstStep)
        packPanel(
          from: weights + firstChannel * shape.reduction + firstStep, laneStride: shape.reduction, depthStride: 1,
          lanes: min(lanes.count, shape.outputChannels - firstChannel), padded: width, depth: steps, into: target)
        (target + steps * width).update(repeating: 0, count: (depth - steps) * width)
      }
      var quarters = StrassenLeft(
        q11: place, q12: place + stride, q21: place + 6 * stride, q22: place + 3 * stride,
        product2: place + 2 * stride, product4: place + 4 * stride, product5: place + 5 * stride,
        product6: place + 6 * stride, count: depth * width)
      context.table.strassenLeft(&quarters)
    }
  }

  func run(_ call: ConvolutionCall) {
    let source = prepareInput(call, input, shape, context)
    let packed = (call.scratch + paddedBytes).assumingMemoryBound(to: Float.self)
    for image in 0..<shape.batch {
      let first = source + image * shape.inputChannels * input.channelStride
      for block in 0..<blocks {
        let panels = (0..<positionLayout.panels).piece(block, of: blocks)
        let firstRow = rows(panels).lowerBound
        context.pool.parallel(
          panels.count,
          perWorker: { index, worker in
            let rows = positionLayout.lanes(ofPanel: panels.lowerBound + index)
            combine(
              rows, from: first, memory: call.scratch + copyBytes + worker * workerBytes,
              into: packed + (rows.lowerBound - firstRow) * depth)
          })
        context.pool.parallel(
          weightLayout.panels * parts,
          perWorker: { index, worker in
            let (column, part) = index.quotientAndRemainder(dividingBy: parts)
            let sums = (call.scratch + copyBytes + worker * workerBytes).assumingMemoryBound(to: Float.self)
            let panels = panels.piece(part, of: parts)
            multiply(call, panels, column: column, packed: packed - firstRow * depth, sums: sums)
            store(call, rows(panels), column: column, image: image, sums: sums)
          })
      }
    }
    activate(
      call, context.table, channel: 0, channels: shape.batch * shape.outputChannels, columns: 0..<shape.output.product,
      plane: shape.output.product)
  }

  /// Rows of panels.
  private func rows(_ panels: Range<Int>) -> Range<Int> {
    positionLayout.lanes(ofPanel: panels.lowerBound)
      .lowerBound..<positionLayout.lanes(
        ofPanel: panels.upperBound - 1
      ).upperBound
  }

  /// Gathers the four quarters of a panel of rows and combines them, a piece of depth at a time.
  private func combine(
    _ rows: Range<Int>, from source: UnsafePointer<Float>, memory: UnsafeMutableRawPointer,
    into target: UnsafeMutablePointer<Float>
  ) {
    let quarters = memory.assumingMemoryBound(to: Float.self)
    let runs = (memory + 4 * quarterStride * 4).assumingMemoryBound(to: Run.self)
    offsets.withUnsafeBufferPointer { offsets in
      guard let offsets = offsets.baseAddress else { return }
      for start in stride(from: 0, to: depth, by: Self.gatheredDepth) {
        let count = min(Self.gatheredDepth, depth - start)
        for half in 0..<2 {
          let first = half * positions + rows.lowerBound
          let present = first..<min(shape.output.product, first + rows.count)
          let runCount = input.runs(present, into: runs)
          for row in 0..<2 {
            let to = quarters + (2 * row + half) * quarterStride
            let step = row * depth + start
            let steps = min(count, shape.reduction - step)
            // What the second halves lack is zero.
            if present.count < rows.count { to.update(repeating: 0, count: count * rows.count) }
            var job = RunPanel(
              source: source, runs: runs, runCount: runCount, offsets: offsets + step, depth: steps,
              width: rows.count, target: to)
            context.table.packRuns(&job)
            if steps < count { (to + steps * rows.count).update(repeating: 0, count: (count - steps) * rows.count) }
          }
        }
        var job = StrassenRight(
          q11: quarters, q12: quarters + quarterStride, q21: quarters + 2 * quarterStride,
          q22: quarters + 3 * quarterStride, target: target + start * rows.count, productStride: rowStride,
          count: count * rows.count)
        context.table.strassenRight(&job)
      }
    }
  }

  /// The seven products of row panels and a column panel, and from them the quarters of the result.
  ///
  /// While a product is made, the weights of the next one are fetched.
  private func multiply(
    _ call: ConvolutionCall, _ panels: Range<Int>, column: Int, packed: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    let width = weightLayout.panelWidth
    let rows = rows(panels)
    let weights = call.weights + column * width * depth
    for product in 0..<Self.products {
      // The sums begin with this block's, the arithmetic of panels with the matrix's.
      var block = GEMMBlock(
        left: packed + product * rowStride, right: weights + product * weightLayout.count,
        output: sums + product * sumStride - (rows.lowerBound + column) * width)
      (block.rows, block.rowPanels, block.leftDepth) = (positions, positionLayout.panels, depth)
      (block.columns, block.rowStride) = (channels, width)
      (block.firstRowPanel, block.endRowPanel) = (panels.lowerBound, panels.upperBound)
      (block.firstColumnPanel, block.endColumnPanel, block.rightFirstPanel) = (column, column + 1, column)
      block.isLast = false
      let columns = weightLayout.lanes(ofPanel: column).count.roundedUp(to: weightLayout.granule)
      for start in stride(from: 0, to: depth, by: Self.deepest) {
        let count = min(Self.deepest, depth - start)
        (block.leftStart, block.rightStart, block.depth) = (start, start, count)
        block.accumulates = start > 0
        if product + 1 < Self.products {
          block.ahead = block.right + weightLayout.count + start * columns
          block.aheadCount = count * columns
        } else if column + 1 < weightLayout.panels {
          block.ahead = weights + (depth + start) * width
          block.aheadCount = count * width
        }
        context.table.gemm(&block)
      }
    }
    var job = StrassenProducts(products: sums, productStride: sumStride, count: rows.count * width)
    context.table.strassenSums(&job)
  }

  /// Transposes the quarters of the result into the output.
  private func store(
    _ call: ConvolutionCall, _ rows: Range<Int>, column: Int, image: Int, sums: UnsafeMutablePointer<Float>
  ) {
    let plane = shape.output.product
    let lanes = weightLayout.lanes(ofPanel: column)
    for quarter in 0..<4 {
      let channel = quarter / 2 * channels + lanes.lowerBound
      let position = quarter % 2 * positions + rows.lowerBound
      let place = (image * shape.outputChannels + channel) * plane + position
      var job = TransposedSums(
        sums: sums + quarter * sumStride, rowStride: weightLayout.panelWidth,
        positions: min(rows.count, plane - position), channels: min(lanes.count, shape.outputChannels - channel),
        output: call.output + place, channelStride: plane, square: sums + Self.products * sumStride)
      job.bias = call.epilogue.bias.map { $0 + channel }
      job.residual = call.epilogue.residual.map { $0 + place }
      if let bounds = call.epilogue.activation.bounds { (job.lowerBound, job.upperBound) = bounds }
      context.table.storeTransposed(&job)
    }
  }
}
