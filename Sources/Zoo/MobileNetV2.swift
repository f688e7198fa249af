import Graph

/// MobileNetV2 at width 1: inverted residual blocks with linear bottlenecks.
///
/// Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks" (2018), table 2, as torchvision builds it.
struct MobileNetV2 {
  /// Height and width of the input.
  static let imageSize = 224
  /// Length of the output.
  private static let classes = 1000
  /// Channels behind the first convolution and before the classifier.
  private static let (stem, head) = (32, 1280)

  /// Blocks that follow one another: expansion, output channels, number, stride of the first.
  private static let stages: [(expansion: Int, channels: Int, blocks: Int, stride: Int)] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
  ]

  /// Makes up for a Relu, which leaves 0.34 of the variance; its bound of 6 is far out.
  fileprivate static let rectified = 1.71
}

extension MobileNetV2: Architecture {
  func build(batch: Dimension, tokens: Dimension, weights: SeededWeights) -> NetworkBuilder {
    var network = NetworkBuilder(weights: weights, firstWeightNumber: 538)
    let image = network.input("input", .float32, [batch, 3, .known(Self.imageSize), .known(Self.imageSize)])
    var x = network.convolutionRelu6(
      Convolution(inputChannels: 3, outputChannels: Self.stem, kernelSize: 3, stride: 2, gain: 1), to: image,
      module: "features.0")
    var channels = Self.stem
    var index = 1
    for stage in Self.stages {
      for block in 0..<stage.blocks {
        let residual = InvertedResidual(
          inputChannels: channels, outputChannels: stage.channels, expansion: stage.expansion,
          stride: block == 0 ? stage.stride : 1)
        x = residual.build(x, module: "features.\(index)", in: &network)
        channels = stage.channels
        index += 1
      }
    }
    x = network.convolutionRelu6(
      Convolution(inputChannels: channels, outputChannels: Self.head, gain: 1), to: x, module: "features.\(index)")
    x = network.apply("GlobalAveragePool", in: "", x)
    x = network.apply("Flatten", in: "", x, attributes: ["axis": .int(1)])
    let logits = network.gemm(
      x, "classifier.1", inputs: Self.head, outputs: Self.classes, gain: 2, isCentred: true, output: "output")
    network.output(logits, [batch, .known(Self.classes)])
    return network
  }
}

/// 1x1 to many channels, 3x3 on each of them, 1x1 to few, added to the input if that has the same shape.
private struct InvertedResidual {
  let inputChannels: Int
  let outputChannels: Int
  let expansion: Int
  let stride: Int

  func build(_ input: ValueID, module: String, in network: inout NetworkBuilder) -> ValueID {
    let hidden = inputChannels * expansion
    let addsInput = stride == 1 && inputChannels == outputChannels
    var x = input
    var part = 0
    if expansion != 1 {
      x = network.convolutionRelu6(
        Convolution(inputChannels: inputChannels, outputChannels: hidden, gain: 1), to: x, module: "\(module).conv.0")
      part = 1
    }
    x = network.convolutionRelu6(
      Convolution(
        inputChannels: hidden, outputChannels: hidden, kernelSize: 3, stride: stride, groups: hidden,
        gain: 1),
      to: x, module: "\(module).conv.\(part)")
    // A branch ends at a quarter of its input, so that a chain of blocks neither grows nor amplifies rounding.
    let projection = Convolution(
      inputChannels: hidden, outputChannels: outputChannels, gain: MobileNetV2.rectified * (addsInput ? 0.25 : 1))
    x = network.apply(projection, to: x, module: "\(module).conv.\(part + 1)")
    return addsInput ? network.apply("Add", in: network.scope(module), input, x) : x
  }
}

extension NetworkBuilder {
  /// A convolution (part 0 of the module), its batch normalization (part 1) and a Relu bounded by 6 (part 2).
  fileprivate mutating func convolutionRelu6(
    _ convolution: Convolution, to x: ValueID, module: String
  ) -> ValueID {
    let convolved = apply(convolution, to: x, module: "\(module).0")
    let scope = scope("\(module).2")
    let lowest = constant(Tensor(scalar: 0 as Float), in: scope)
    let highest = constant(Tensor(scalar: 6 as Float), in: scope)
    return apply("Clip", in: scope, convolved, lowest, highest)
  }
}
