import KernelTemplates

/// Groups of one input channel, straight from the input.
struct DepthwiseGroups: PackedGroups {
  let weightLayout: PackedLayout
  let copyBytes = 0
  let workerBytes = 0

  let shape: ConvolutionShape
  let context: KernelContext

  /// Whether there is a kernel for the shape: planes, and squares of a few taps.
  static func supports(_ shape: ConvolutionShape) -> Bool {
    let isPlane = shape.input.depth == 1 && shape.output.depth == 1 && shape.kernel.depth == 1
    let (kernel, stride, dilation) = (shape.kernel, shape.stride, shape.dilation)
    return shape.groups > 1 && shape.groupInputChannels == 1 && isPlane
      && kernel.width == kernel.height && stride.width == stride.height && (dilation.width, dilation.height) == (1, 1)
      && DepthwiseConvolution<Portable>.supports(kernel: kernel.width, stride: stride.width)
  }

  init(_ shape: ConvolutionShape, context: KernelContext) {
    self.shape = shape
    self.context = context
    // The taps of one output channel behind those of another.
    weightLayout = PackedLayout(
      side: .left, width: shape.groupOutputChannels, depth: shape.reduction, panelWidth: 1, granule: 1)
  }

  func run(_ call: ConvolutionCall) {
    let (groups, channels) = (shape.groups, shape.groupOutputChannels)
    let cost = 2 * (shape.input.product + channels * shape.output.product)
    context.parallelRanges(shape.batch * groups, cost: cost) { items in
      // Groups of one image, whose weights lie one behind the other.
      var first = items.lowerBound
      while first < items.upperBound {
        let group = first % groups
        let count = min(items.upperBound - first, groups - group)
        compute(call, image: first / groups, groups: group..<group + count)
        first += count
      }
    }
  }

  private func compute(_ call: ConvolutionCall, image: Int, groups: Range<Int>) {
    let channels = shape.groupOutputChannels
    let plane = shape.output.product
    // With one output channel each, groups are but channels; else each group has its own input channel.
    let each = channels == 1 ? groups.count : 1
    for group in stride(from: groups.lowerBound, to: groups.upperBound, by: each) {
      let firstChannel = group * channels
      let channel = image * shape.outputChannels + firstChannel
      let place = channel * plane
      var planes = DepthwisePlanes(
        input: call.input + (image * shape.inputChannels + group) * shape.input.product,
        weights: call.weights + group * weightLayout.count, output: call.output + place)
      planes.inputStride = channels == 1 ? shape.input.product : 0
      (planes.inputRows, planes.inputColumns) = (shape.input.height, shape.input.width)
      (planes.padTop, planes.padLeft) = (shape.padsBegin.height, shape.padsBegin.width)
      (planes.kernel, planes.stride) = (shape.kernel.width, shape.stride.width)
      (planes.channels, planes.rows, planes.columns) = (each * channels, shape.output.height, shape.output.width)
      planes.bias = call.epilogue.bias.map { $0 + firstChannel }
      planes.residual = call.epilogue.residual.map { $0 + place }
      if let bounds = call.epilogue.activation.bounds { (planes.lowerBound, planes.upperBound) = bounds }
      context.table.depthwise(&planes)
      activate(
        call, context.table, channel: channel, channels: each * channels, columns: 0..<plane, plane: plane)
    }
  }
}
