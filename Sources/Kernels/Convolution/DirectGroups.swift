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
  private let positions: DirectPositions

  init(_ shape: ConvolutionShape, input: PaddedInput, context: KernelContext) {
    self.shape = shape
    self.input = input
    self.context = context
    let lanes = context.table.lanes
    weightLayout = PackedLayout(
      side: .left, width: shape.groupOutputChannels, depth: shape.reduction,
      panelWidth: context.table.directChannels, granule: 1)
    offsets = input.offsets(channels: shape.groupInputChannels)
    let candidates = [false, true].map {
      DirectPositions(shape, sourceRowStride: input.outputRowStep, lanes: lanes, crossesRows: $0)
    }
    positions =
      candidates[0].cost(depth: shape.reduction) <= candidates[1].cost(depth: shape.reduction)
      ? candidates[0] : candidates[1]
    // The last vector reaches beyond the last channel.
    workerBytes = ((shape.groupInputChannels * input.channelStride + lanes) * 4).roundedUp(to: 64)
  }

  func run(_ call: ConvolutionCall) {
    let groups = shape.batch * shape.groups
    let end = call.input + shape.batch * shape.inputChannels * shape.input.product
    context.pool.parallel(
      groups,
      perWorker: { item, worker in
        let (image, group) = item.quotientAndRemainder(dividingBy: shape.groups)
        var source =
          call.input + (image * shape.inputChannels + group * shape.groupInputChannels) * shape.input.product
        // Where nothing is to pad, the last groups are copied nevertheless: nothing may be read behind the input.
        let reach = shape.groupInputChannels * input.channelStride + context.table.lanes
        if input.isCopy || end - source < reach {
          let copy = (call.scratch + worker * workerBytes).assumingMemoryBound(to: Float.self)
          input.copy(channels: shape.groupInputChannels, from: source, end: end, to: copy, table: context.table)
          source = UnsafePointer(copy)
        }
        compute(call, image: image, group: group, source: source)
      })
  }

  private func compute(_ call: ConvolutionCall, image: Int, group: Int, source: UnsafePointer<Float>) {
    let plane = shape.output.product
    let firstChannel = group * shape.groupOutputChannels
    let channel = image * shape.outputChannels + firstChannel
    offsets.withUnsafeBufferPointer { offsets in
      positions.vectors.withUnsafeBufferPointer { vectors in
        positions.segments.withUnsafeBufferPointer { segments in
          guard let offsets = offsets.baseAddress, let first = vectors.baseAddress, let segments = segments.baseAddress
          else { return }
          for slice in 0..<shape.output.depth {
            let place = channel * plane + slice * shape.output.height * shape.output.width
            var block = DirectGroup(
              source: source + slice * input.outputSliceStep, offsets: offsets, vectors: first, segments: segments,
              weights: call.weights + group * weightLayout.count, output: call.output + place)
            (block.depth, block.vectorCount) = (shape.reduction, vectors.count)
            (block.channels, block.panels) = (shape.groupOutputChannels, weightLayout.panels)
            block.channelStride = plane
            block.bias = call.epilogue.bias.map { $0 + firstChannel }
            block.residual = call.epilogue.residual.map { $0 + place }
            if let bounds = call.epilogue.activation.bounds { (block.lowerBound, block.upperBound) = bounds }
            context.table.directGroup(&block)
          }
        }
      }
    }
    activate(
      call, context.table, channel: channel, channels: shape.groupOutputChannels, columns: 0..<plane, plane: plane)
  }
}

/// The output positions of a slice, dealt over vectors.
struct DirectPositions {
  private(set) var vectors: [DirectVector] = []
  private(set) var segments: [DirectSegment] = []
  private let lanes: Int

  /// Deals the positions.
  ///
  /// - Parameters:
  ///   - shape: sizes of the convolution.
  ///   - sourceRowStride: elements from the input of one output row to that of the next.
  ///   - lanes: lanes of a vector.
  ///   - crossesRows: vectors run on from one row to the next, with the lanes idle that lie between them, where their inputs do;
  ///     otherwise each row begins with a vector of its own.
  init(_ shape: ConvolutionShape, sourceRowStride: Int, lanes: Int, crossesRows: Bool) {
    self.lanes = lanes
    let (rows, columns) = (shape.output.height, shape.output.width)
    var (row, column) = (0, 0)
    while row < rows {
      let first = segments.count
      let source = row * sourceRowStride + column
      var lane = 0
      repeat {
        let count = min(columns - column, lanes - lane)
        segments.append(DirectSegment(from: lane, to: lane + count, output: row * columns + column - lane))
        (lane, column) = (lane + count, column + count)
        if column == columns {
          (row, column) = (row + 1, 0)
          lane += sourceRowStride - columns
        }
      } while crossesRows && row < rows && lane < lanes
      vectors.append(DirectVector(source: source, firstSegment: first, segmentCount: segments.count - first))
    }
  }

  /// Time in multiply-adds of a vector; a masked store costs several.
  func cost(depth: Int) -> Int {
    vectors.count * depth + 8 * segments.count { $0.to - $0.from < lanes }
  }
}
