import KernelTemplates

/// A planned convolution: output = activation(input * weights + bias + residual), [batch][channel][spatial axes].
///
///     let convolution = Convolution(shape, context: context)
///     convolution.packWeights(weights, into: packed)              // once; `packedWeightBytes`
///     convolution.run(input: x, weights: packed, output: y, epilogue: Epilogue(bias: b, activation: .relu), scratch: scratch)
///
/// No im2col matrix is made: panels of it are packed in the cache, block by block.
public struct Convolution: Sendable {
  /// How the convolution is computed.
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    /// Implicit GEMM, output positions in lanes, weights broadcast.
    case positionsInLanes
    /// Implicit GEMM, output channels in lanes, inputs broadcast, the result transposed: for few output positions.
    case channelsInLanes
    /// Straight from the input, positions in lanes, few channels in registers: depthwise and narrow groups.
    case direct
    /// Winograd's F(2x2, 3x3), exact on whole numbers.
    case winograd2
    /// Winograd's F(4x4, 3x3).
    case winograd4
    /// Implicit GEMM by a step of Strassen's algorithm, output channels in lanes; exact on whole numbers.
    case strassen
  }

  /// Sizes.
  public let shape: ConvolutionShape
  /// How it is computed.
  public let algorithm: Algorithm
  /// Bytes that `packWeights` fills, aligned to 64 bytes.
  public let packedWeightBytes: Int
  /// Bytes that `run` needs at `scratch`, which is aligned to 64 bytes.
  public let scratchBytes: Int

  /// Names the layout of the packed weights: of weights of one shape, equal names have equal bytes.
  public var weightFormat: String { body.weightFormat }

  let context: KernelContext
  private let body: any ConvolutionBody

  /// Plans a convolution.
  ///
  /// - Parameters:
  ///   - shape: sizes.
  ///   - algorithm: how to compute it, one that supports the shape; `nil` picks by the shape.
  ///   - context: table and threads.
  public init(_ shape: ConvolutionShape, algorithm: Algorithm? = nil, context: KernelContext) {
    self.shape = shape
    self.context = context
    let algorithm = algorithm ?? Self.choice(shape, among: Algorithm.allCases, table: context.table)
    self.algorithm = algorithm
    let input = PaddedInput(shape)
    let body: any ConvolutionBody =
      switch algorithm {
      case .positionsInLanes: PositionsInLanes(shape, input: input, context: context)
      case .channelsInLanes: ChannelsInLanes(shape, input: input, context: context)
      case .direct:
        DepthwiseGroups.supports(shape)
          ? DepthwiseGroups(shape, context: context) : DirectGroups(shape, input: input, context: context)
      case .strassen: Strassen(shape, input: input, context: context)
      case .winograd2: Winograd(shape, outputs: 2, context: context)
      case .winograd4: Winograd(shape, outputs: 4, context: context)
      }
    self.body = body
    packedWeightBytes = body.packedWeightBytes
    scratchBytes = body.copyBytes + body.workerBytes * context.pool.threads
  }

  /// Packs the weights [outputChannels][inputChannels / groups][taps] on the context's threads.
  public func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) {
    body.packWeights(weights, into: packed.assumingMemoryBound(to: Float.self))
  }

  /// Computes the convolution.
  ///
  /// - Parameters:
  ///   - source: [batch][inputChannels][input].
  ///   - weights: as `packWeights` left them.
  ///   - output: [batch][outputChannels][output]; overlaps nothing but, exactly, the epilogue's residual.
  ///   - epilogue: its bias is one number per output channel, whatever its axis.
  ///   - scratch: `scratchBytes` bytes.
  public func run(
    input source: UnsafePointer<Float>, weights: UnsafeRawPointer, output: UnsafeMutablePointer<Float>,
    epilogue: Epilogue = Epilogue(), scratch: UnsafeMutableRawPointer
  ) {
    guard shape.multiplyAdds > 0 || shape.batch * shape.outputChannels * shape.output.product > 0 else { return }
    let call = ConvolutionCall(
      input: source, weights: weights.assumingMemoryBound(to: Float.self), output: output, epilogue: epilogue,
      scratch: scratch)
    body.run(call)
  }
}

/// The arguments of one run.
struct ConvolutionCall {
  let input: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let epilogue: Epilogue
  let scratch: UnsafeMutableRawPointer
}

/// One way to compute a convolution.
protocol ConvolutionBody: Sendable {
  /// Bytes that `packWeights` fills.
  var packedWeightBytes: Int { get }
  /// Names the layout that `packWeights` gives, with all that it depends on but the shape of the weights.
  var weightFormat: String { get }
  /// Bytes of the padded input that all threads share.
  var copyBytes: Int { get }
  /// Bytes of one worker's scratch memory, behind the padded input.
  var workerBytes: Int { get }
  /// Packs weights [outputChannels][inputChannels / groups][taps].
  func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>)
  func run(_ call: ConvolutionCall)
}

/// A body whose weights are one packed operand of a product for each group.
protocol PackedGroups: ConvolutionBody {
  var shape: ConvolutionShape { get }
  var context: KernelContext { get }
  /// Layout of one group's weights.
  var weightLayout: PackedLayout { get }
}

extension PackedGroups {
  var packedWeightBytes: Int { weightLayout.byteCount * shape.groups }

  var weightFormat: String {
    "\(weightLayout.side) panels of \(weightLayout.panelWidth) by \(weightLayout.granule), \(shape.groups) groups"
  }

  func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let layout = weightLayout
    let groupSize = shape.groupOutputChannels * shape.reduction
    context.pool.parallel(shape.groups * layout.panels) { index in
      let (group, panel) = index.quotientAndRemainder(dividingBy: layout.panels)
      let rows = MatrixView(weights + group * groupSize, rowStride: shape.reduction)
      layout.pack(
        panel: panel, of: layout.side == .left ? rows : rows.transposed, into: packed + group * layout.count)
    }
  }
}

extension ConvolutionBody {
  /// Fills the shared padded input where one is needed, and says where the kernels read: one image after the other.
  func prepareInput(_ call: ConvolutionCall, _ input: PaddedInput, _ shape: ConvolutionShape, _ context: KernelContext)
    -> UnsafePointer<Float>
  {
    guard input.isCopy else { return call.input }
    let target = call.scratch.assumingMemoryBound(to: Float.self)
    let channels = shape.batch * shape.inputChannels
    let end = call.input + channels * shape.input.product
    // A few channels at a time, so that a dispatch of small planes pays.
    let each = max(1, 8192 / max(1, input.channelStride))
    context.pool.parallel((channels + each - 1) / each) { task in
      let first = task * each
      input.copy(
        channels: min(each, channels - first), from: call.input + first * shape.input.product, end: end,
        to: target + first * input.channelStride, table: context.table)
    }
    return UnsafePointer(target)
  }

  /// Applies an activation beyond bounds to finished output channels.
  func activate(
    _ call: ConvolutionCall, _ table: KernelTable, channel: Int, channels: Int, columns: Range<Int>, plane: Int
  ) {
    guard call.epilogue.activation.bounds == nil else { return }
    var area = ActivationBlock(
      elements: call.output + channel * plane + columns.lowerBound, rows: channels, columns: columns.count,
      rowStride: plane, activation: call.epilogue.activation)
    table.activate(&area)
  }
}
