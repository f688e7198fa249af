import KernelTemplates

/// Implicit GEMM by a step of Strassen's algorithm: output positions are rows and the weights B, as where channels lie in lanes.
///
/// The output positions are cut in the middle of the plane, the channels and taps in the middle of theirs. The weights are
/// combined when they are packed and take seven quarters of their memory.
struct Strassen: ConvolutionBody {
  let packedWeightBytes: Int
  let copyBytes: Int
  let workerBytes = 0

  private let shape: ConvolutionShape
  private let context: KernelContext
  /// Layout of one product's right operand.
  private let weightLayout: PackedLayout
  private let input: PaddedInput
  private let offsets: [Int]
  private let product: StrassenProduct
  /// Output positions of a half; the second may lack one.
  private let positions: Int
  private let paddedBytes: Int

  /// Whether channels and taps are cut into whole panels.
  static func supports(_ shape: ConvolutionShape, table: KernelTable) -> Bool {
    shape.groups == 1 && shape.multiplyAdds > 0 && shape.reduction < 1 << 48
      && StrassenProduct.supports(depth: shape.reduction, columns: shape.outputChannels, table: table)
  }

  init(_ shape: ConvolutionShape, input: PaddedInput, context: KernelContext) {
    self.shape = shape
    self.input = input
    self.context = context
    let table = context.table
    weightLayout = .rightTiles(depth: shape.reduction / 2, columns: shape.outputChannels / 2, table: table)
    packedWeightBytes = 7 * weightLayout.byteCount
    offsets = input.offsets(channels: shape.inputChannels)
    positions = (shape.output.product + 1) / 2
    let callerBytes = max(table.tileRows * MemoryLayout<Run>.stride, table.lanes * table.lanes * 4)
    product = StrassenProduct(
      rows: shape.output.product, depth: shape.reduction, columns: [shape.outputChannels], packing: .combined,
      storing: .quarters, callerBytes: callerBytes, context: context)
    paddedBytes =
      input.isCopy ? (shape.batch * shape.inputChannels * input.channelStride * 4).roundedUp(to: 64) : 0
    copyBytes = paddedBytes + product.scratchBytes
  }

  var weightFormat: String {
    "seven combined quarters in panels of \(weightLayout.panelWidth) by \(weightLayout.granule)"
  }

  func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let (stride, half) = (weightLayout.count, weightLayout.depth)
    context.pool.parallel(weightLayout.panels) { panel in
      let lanes = weightLayout.lanes(ofPanel: panel)
      let place = packed + lanes.lowerBound * half
      // Quarters 11, 12, 21 and 22 lie where the operands of these products will.
      for (quarter, product) in [0, 1, 6, 3].enumerated() {
        let (channel, step) = (quarter / 2 * weightLayout.width + lanes.lowerBound, quarter % 2 * half)
        packPanel(
          from: weights + channel * shape.reduction + step, laneStride: shape.reduction, depthStride: 1,
          lanes: lanes.count, padded: lanes.count, depth: half, into: place + product * stride)
      }
      var quarters = StrassenLeft(
        q11: place, q12: place + stride, q21: place + 6 * stride, q22: place + 3 * stride,
        product2: place + 2 * stride, product4: place + 4 * stride, product5: place + 5 * stride,
        product6: place + 6 * stride, count: half * lanes.count)
      context.table.strassenLeft(&quarters)
    }
  }

  func run(_ call: ConvolutionCall) {
    let source = prepareInput(call, input, shape, context)
    for image in 0..<shape.batch {
      let first = source + image * shape.inputChannels * input.channelStride
      product.run(
        scratch: call.scratch + paddedBytes, right: { _ in call.weights }, pack: { pack($0, from: first) },
        prepare: { _, _ in },
        store: { store($0, call, image: image) })
    }
    activate(
      call, context.table, channel: 0, channels: shape.batch * shape.outputChannels, columns: 0..<shape.output.product,
      plane: shape.output.product)
  }

  private func pack(_ piece: StrassenProduct.Piece, from source: UnsafePointer<Float>) {
    let runs = piece.memory.assumingMemoryBound(to: Run.self)
    let first = piece.half * positions + piece.rows.lowerBound
    let present = first..<min(shape.output.product, first + piece.rows.count)
    // What the second half lacks is zero.
    if present.count < piece.rows.count {
      piece.target.update(repeating: 0, count: piece.depth.count * piece.rows.count)
    }
    offsets.withUnsafeBufferPointer { offsets in
      guard let offsets = offsets.baseAddress else { return }
      var job = RunPanel(
        source: source, runs: runs, runCount: input.runs(present, into: runs),
        offsets: offsets + piece.depth.lowerBound,
        depth: piece.depth.count, width: piece.rows.count, target: piece.target)
      context.table.packRuns(&job)
    }
  }

  /// Transposes the quarters of the result into the output.
  private func store(_ tile: StrassenProduct.Tile, _ call: ConvolutionCall, image: Int) {
    let plane = shape.output.product
    let width = context.table.tileColumns
    for quarter in 0..<4 {
      let channel = (quarter / 2 * tile.pair.panels + tile.pair.panel) * width
      let position = quarter % 2 * positions + tile.rows.lowerBound
      let place = (image * shape.outputChannels + channel) * plane + position
      var job = TransposedSums(
        sums: tile.sums + quarter * tile.stride, rowStride: width, positions: min(tile.rows.count, plane - position),
        channels: width, output: call.output + place, channelStride: plane,
        square: tile.memory.assumingMemoryBound(to: Float.self))
      job.bias = call.epilogue.bias.map { $0 + channel }
      job.residual = call.epilogue.residual.map { $0 + place }
      if let bounds = call.epilogue.activation.bounds { (job.lowerBound, job.upperBound) = bounds }
      context.table.storeTransposed(&job)
    }
  }
}
