import Graph

/// A residual network of bottleneck blocks: ResNet, Wide ResNet, ResNeXt.
///
/// He et al., "Deep residual learning for image recognition" (2016), with the stride in the 3x3 convolution as torchvision
/// has it; Zagoruyko and Komodakis, "Wide residual networks" (2016); Xie et al., "Aggregated residual transformations for
/// deep neural networks" (2017).
struct ResNet {
  /// Blocks of each stage; a stage has twice the channels of the one before, and half its height and width.
  let blocks: [Int]
  /// Groups of the 3x3 convolutions.
  var groups = 1
  /// Channels of a group's 3x3 convolution in the first stage, if that stage had 64 planes.
  var widthPerGroup = 64
  /// Channels behind the first convolution, and planes of the first stage.
  var stem = 64
  /// Height and width of the input.
  var imageSize = 224
  /// Length of the output.
  var classes = 1000

  /// A block's output channels, in multiples of its planes.
  static let expansion = 4

  /// Number of the first weight that the exporter folds: it numbers what it computes, 28 values a block.
  private var firstWeightNumber: Int { 49 + 28 * blocks.reduce(0, +) }
}

extension ResNet: Architecture {
  func build(batch: Dimension, tokens: Dimension, weights: SeededWeights) -> NetworkBuilder {
    var network = NetworkBuilder(weights: weights, firstWeightNumber: firstWeightNumber)
    let image = network.input("input", .float32, [batch, 3, .known(imageSize), .known(imageSize)])
    let stemConvolution = Convolution(inputChannels: 3, outputChannels: stem, kernelSize: 7, stride: 2, gain: 1)
    var x = network.apply(stemConvolution, to: image, module: "conv1")
    x = network.apply("Relu", in: "/relu", x)
    x = network.apply(
      "MaxPool", in: "/maxpool", x,
      attributes: [
        "ceil_mode": .int(0), "dilations": .ints([1, 1]), "kernel_shape": .ints([3, 3]),
        "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]),
      ])
    var channels = stem
    for (stage, count) in blocks.enumerated() {
      let planes = stem << stage
      for index in 0..<count {
        let block = Bottleneck(
          inputChannels: channels, planes: planes, width: planes * widthPerGroup / 64 * groups, groups: groups,
          stride: stage > 0 && index == 0 ? 2 : 1)
        x = block.build(x, module: "layer\(stage + 1).\(index)", in: &network)
        channels = block.outputChannels
      }
    }
    x = network.apply("GlobalAveragePool", in: "/avgpool", x)
    x = network.apply("Flatten", in: "", x, attributes: ["axis": .int(1)])
    let logits = network.gemm(x, "fc", inputs: channels, outputs: classes, gain: 8, isCentred: true, output: "output")
    network.output(logits, [batch, .known(classes)])
    return network
  }
}

/// A residual block: 1x1 to few channels, 3x3 in groups, 1x1 to many, added to the input.
private struct Bottleneck {
  let inputChannels: Int
  let planes: Int
  /// Channels of the 3x3 convolution.
  let width: Int
  let groups: Int
  let stride: Int

  var outputChannels: Int { planes * ResNet.expansion }

  /// The branch ends at a quarter of its input, so a deep chain of blocks neither grows nor amplifies rounding.
  private static let branchGain = 0.25 * 2.0.squareRoot()

  func build(_ input: ValueID, module: String, in network: inout NetworkBuilder) -> ValueID {
    let scope = network.scope(module)
    let rectified = 2.0.squareRoot()  // a Relu halves the mean square
    var x = network.apply(
      Convolution(inputChannels: inputChannels, outputChannels: width, gain: 1), to: input, module: "\(module).conv1")
    x = network.apply("Relu", in: "\(scope)/relu", x)
    x = network.apply(
      Convolution(
        inputChannels: width, outputChannels: width, kernelSize: 3, stride: stride, groups: groups, gain: rectified),
      to: x, module: "\(module).conv2")
    x = network.apply("Relu", in: "\(scope)/relu_1", x)
    x = network.apply(
      Convolution(inputChannels: width, outputChannels: outputChannels, gain: Self.branchGain), to: x,
      module: "\(module).conv3")
    var shortcut = input
    if stride != 1 || inputChannels != outputChannels {
      shortcut = network.apply(
        Convolution(inputChannels: inputChannels, outputChannels: outputChannels, stride: stride, gain: rectified),
        to: input, module: "\(module).downsample.0")
    }
    x = network.apply("Add", in: scope, x, shortcut)
    return network.apply("Relu", in: "\(scope)/relu_2", x)
  }
}
