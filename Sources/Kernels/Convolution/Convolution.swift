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
  }

  /// Sizes.
  public let shape: ConvolutionShape
  /// How it is computed.
  public let algorithm: Algorithm
  /// Bytes that `packWeights` fills, aligned to 64 bytes.
  public let packedWeightBytes: Int
  /// Bytes that `run` needs at `scratch`, which is aligned to 64 bytes.
  public let scratchBytes: Int

  let context: KernelContext
  let input: PaddedInput
  /// Layout of one group's weights.
  let weightLayout: PackedLayout
  private let body: any ConvolutionBody

  /// Plans a convolution.
  ///
  /// - Parameters:
  ///   - shape: sizes.
  ///   - algorithm: how to compute it; `nil` picks by the shape.
  ///   - context: table and threads.
  public init(_ shape: ConvolutionShape, algorithm: Algorithm? = nil, context: KernelContext) {
    self.shape = shape
    self.context = context
    let algorithm = algorithm ?? Self.choice(shape, table: context.table)
    self.algorithm = algorithm
    input = PaddedInput(shape)
    let body: any ConvolutionBody =
      switch algorithm {
      case .positionsInLanes: PositionsInLanes(shape, input: input, context: context)
      case .channelsInLanes: ChannelsInLanes(shape, input: input, context: context)
      case .direct: DirectGroups(shape, input: input, context: context)
      }
    self.body = body
    weightLayout = body.weightLayout
    packedWeightBytes = body.weightLayout.byteCount * shape.groups
    scratchBytes = body.copyBytes + body.workerBytes * context.pool.threads
  }

  /// Narrow groups go direct.
  ///
  /// Otherwise the axis that leaves fewer lanes idle lies in lanes, in doubt the positions.
  static func choice(_ shape: ConvolutionShape, table: KernelTable) -> Algorithm {
    func used(_ count: Int) -> Double { Double(count) / Double(max(1, count.roundedUp(to: table.lanes))) }
    // Up to 16 channels packing costs more than it saves, unless rows are much shorter than a vector.
    let narrowest = used(shape.output.width) > 0.6 ? 16 : 4
    if shape.groups > 1 && shape.groupOutputChannels <= narrowest { return .direct }
    return used(shape.groupOutputChannels) > used(shape.output.product) + 0.06 ? .channelsInLanes : .positionsInLanes
  }

  /// Packs the weights [outputChannels][inputChannels / groups][taps] on the context's threads.
  public func packWeights(_ weights: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) {
    let target = packed.assumingMemoryBound(to: Float.self)
    let layout = weightLayout
    let groupSize = shape.groupOutputChannels * shape.reduction
    context.pool.parallel(shape.groups * layout.panels) { index in
      let group = index / layout.panels
      let rows = MatrixView(weights + group * groupSize, rowStride: shape.reduction)
      layout.pack(
        panel: index % layout.panels, of: layout.side == .left ? rows : rows.transposed,
        into: target + group * layout.count)
    }
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
  /// Layout of one group's weights.
  var weightLayout: PackedLayout { get }
  /// Bytes of the padded input that all threads share.
  var copyBytes: Int { get }
  /// Bytes of one worker's scratch memory, behind the padded input.
  var workerBytes: Int { get }
  func run(_ call: ConvolutionCall)
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
