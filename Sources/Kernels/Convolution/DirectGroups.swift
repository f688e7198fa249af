import KernelTemplates

/// Group after group straight from the input; a padded copy of one group's channels stays in the worker's cache.
struct DirectGroups: PackedGroups {
  let weightLayout: PackedLayout
  let copyBytes = 0
  let workerBytes: Int

  let shape: ConvolutionShape
  private let input: PaddedInput
  let context: KernelContext
  private let offsets: [Int]

  init(_ shape: ConvolutionShape, input: PaddedInput, context: KernelContext) {
    self.shape = shape
    self.input = input
    self.context = context
    weightLayout = PackedLayout(
      side: .left, width: shape.groupOutputChannels, depth: shape.reduction,
      panelWidth: context.table.directChannels, granule: 1)
    offsets = input.offsets(channels: shape.groupInputChannels)
    workerBytes = input.isCopy ? (shape.groupInputChannels * input.channelStride * 4).roundedUp(to: 64) : 0
  }

  func run(_ call: ConvolutionCall) {
    offsets.withUnsafeBufferPointer { offsets in
      guard let offsets = offsets.baseAddress else { return }
      context.pool.parallel(
        shape.batch * shape.groups,
        perWorker: { item, worker in
          let (image, group) = item.quotientAndRemainder(dividingBy: shape.groups)
          var source =
            call.input + (image * shape.inputChannels + group * shape.groupInputChannels) * shape.input.product
          if input.isCopy {
            let copy = (call.scratch + worker * workerBytes).assumingMemoryBound(to: Float.self)
            input.copy(
              channels: shape.groupInputChannels, from: source,
              end: call.input + shape.batch * shape.inputChannels * shape.input.product, to: copy, table: context.table)
            source = UnsafePointer(copy)
          }
          compute(call, image: image, group: group, source: source, offsets: offsets)
        })
    }
  }

  private func compute(
    _ call: ConvolutionCall, image: Int, group: Int, source: UnsafePointer<Float>, offsets: UnsafePointer<Int>
  ) {
    let plane = shape.output.product
    let firstChannel = group * shape.groupOutputChannels
    let channel = image * shape.outputChannels + firstChannel
    for slice in 0..<shape.output.depth {
      let place = channel * plane + slice * shape.output.height * shape.output.width
      var rows = DirectRows(
        source: source + slice * input.outputSliceStep, offsets: offsets,
        weights: call.weights + group * weightLayout.count, output: call.output + place)
      rows.sourceRowStride = input.outputRowStep
      rows.depth = shape.reduction
      (rows.channels, rows.panels) = (shape.groupOutputChannels, weightLayout.panels)
      (rows.rowStride, rows.channelStride) = (shape.output.width, plane)
      (rows.rows, rows.columns) = (shape.output.height, shape.output.width)
      rows.bias = call.epilogue.bias.map { $0 + firstChannel }
      rows.residual = call.epilogue.residual.map { $0 + place }
      if let bounds = call.epilogue.activation.bounds { (rows.lowerBound, rows.upperBound) = bounds }
      context.table.directRows(&rows)
    }
    activate(
      call, context.table, channel: channel, channels: shape.groupOutputChannels, columns: 0..<plane, plane: plane)
  }
}
