/// Sizes of a convolution of one, two or three spatial axes, images laid out [batch][channel][depth][height][width].
///
/// Missing axes are leading axes of size 1.
public struct ConvolutionShape: Hashable, Sendable {
  /// One number per spatial axis.
  public struct Axes: Hashable, Sendable {
    /// Depth, height, width.
    public var depth: Int, height: Int, width: Int

    /// Their product.
    public var product: Int { depth * height * width }

    init(_ sizes: [Int], missing: Int) {
      let filled = Array(repeating: missing, count: max(0, 3 - sizes.count)) + sizes.suffix(3)
      (depth, height, width) = (filled[0], filled[1], filled[2])
    }
  }

  /// Images.
  public let batch: Int
  /// Channels of the input.
  public let inputChannels: Int
  /// Channels of the output.
  public let outputChannels: Int
  /// Groups that the channels are divided into.
  public let groups: Int
  /// Sizes of an input channel.
  public let input: Axes
  /// Sizes of an output channel.
  public let output: Axes
  /// Taps.
  public let kernel: Axes
  /// Input positions from one output position to the next.
  public let stride: Axes
  /// Input positions from one tap to the next.
  public let dilation: Axes
  /// Zeros before the first input position.
  public let padsBegin: Axes
  /// Zeros behind the last.
  public let padsEnd: Axes

  /// A convolution's sizes; the arrays hold one number per spatial axis, width last.
  ///
  /// An output size is floor((input + pads - dilation * (kernel - 1) - 1) / stride) + 1, as ONNX says; channels divide by
  /// `groups`.
  public init(
    batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1, input: [Int], kernel: [Int], stride: [Int],
    dilation: [Int], padsBegin: [Int], padsEnd: [Int]
  ) {
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.input = Axes(input, missing: 1)
    self.kernel = Axes(kernel, missing: 1)
    self.stride = Axes(stride, missing: 1)
    self.dilation = Axes(dilation, missing: 1)
    self.padsBegin = Axes(padsBegin, missing: 0)
    self.padsEnd = Axes(padsEnd, missing: 0)
    func size(_ axis: KeyPath<Axes, Int>, _ s: (Axes, Axes, Axes, Axes, Axes, Axes)) -> Int {
      let span = s.4[keyPath: axis] * (s.1[keyPath: axis] - 1) + 1
      return max(0, (s.0[keyPath: axis] + s.2[keyPath: axis] + s.3[keyPath: axis] - span) / s.5[keyPath: axis] + 1)
    }
    let all = (self.input, self.kernel, self.padsBegin, self.padsEnd, self.dilation, self.stride)
    output = Axes([size(\.depth, all), size(\.height, all), size(\.width, all)], missing: 1)
  }

  /// Input channels that an output channel sees.
  public var groupInputChannels: Int { inputChannels / groups }
  /// Output channels of a group.
  public var groupOutputChannels: Int { outputChannels / groups }
  /// Products of an output element.
  public var reduction: Int { groupInputChannels * kernel.product }
  /// Multiply-adds of the convolution; `Int.max` if they are more.
  public var multiplyAdds: Int { .saturatedProduct(batch, outputChannels, output.product, reduction) }
  /// Bytes of the whole input as it is padded and split for the kernels, with what describes the split; `Int.max` if they are
  /// more.
  ///
  /// A `Convolution` may be made if memory can hold as many: no other size of it overflows then.
  public var paddedByteCount: Int { PaddedInput.Sizes(self).byteCount(channels: batch * inputChannels) }
}

extension ConvolutionShape: CustomStringConvertible {
  /// Its sizes, such as `1x64x56x56 to 128, 3x3, pads 1x1 1x1, stride 2x2`; convolutions that differ have texts that differ.
  public var description: String {
    let isPlane =
      input.depth == 1 && kernel.depth == 1 && output.depth == 1 && padsBegin.depth == 0 && padsEnd.depth == 0
    func text(_ axes: Axes) -> String {
      (isPlane ? "" : "\(axes.depth)x") + "\(axes.height)x\(axes.width)"
    }
    var parts = ["\(batch)x\(inputChannels)x\(text(input)) to \(outputChannels)", text(kernel)]
    func append(_ name: String, _ values: String, unless usual: Bool) {
      if !usual { parts.append("\(name) \(values)") }
    }
    func areAll(_ number: Int, _ axes: Axes) -> Bool {
      (axes.depth == number || isPlane) && axes.height == number && axes.width == number
    }
    append("pads", "\(text(padsBegin)) \(text(padsEnd))", unless: areAll(0, padsBegin) && areAll(0, padsEnd))
    append("stride", text(stride), unless: areAll(1, stride))
    append("dilation", text(dilation), unless: areAll(1, dilation))
    append("groups", "\(groups)", unless: groups == 1)
    return parts.joined(separator: ", ")
  }
}
