import Graph

/// A convolution with the batch normalization behind it, as PyTorch's exporter writes the two in evaluation mode: one `Conv`
/// whose weights and bias carry the normalization.
///
/// The file has neither the normalization's parameters nor its name; the folded weights are called `onnx::Conv_497` and
/// the like, three numbers apart. The zoo draws the folded weights themselves.
struct Convolution {
  /// Channels it reads.
  let inputChannels: Int
  /// Channels it writes.
  let outputChannels: Int
  /// Height and width of the window.
  var kernelSize = 1
  /// Pixels from one window to the next.
  var stride = 1
  /// Groups of channels that do not mix.
  var groups = 1
  /// Root mean square of a filter's weights times the root of their number: that of the result, for inputs whose is 1.
  let gain: Double

  /// Weights of one filter.
  var fanIn: Int { inputChannels / groups * kernelSize * kernelSize }
}

extension Convolution {
  /// What its weights are drawn from.
  ///
  /// Filters over the channels of a network sum to zero, so that the shift which a Relu causes does not add up from layer
  /// to layer; a filter over an image sees shifts. A filter of one channel blurs: it passes shifts on, in all channels by
  /// about the same factor, to a projection that removes them.
  var distribution: Distribution {
    let deviation = gain / Double(fanIn).squareRoot()
    return if groups == inputChannels {
      Distribution(mean: deviation / 2.0.squareRoot(), deviation: deviation / 2.0.squareRoot())
    } else {
      Distribution(deviation: deviation, isCentred: inputChannels > 3)
    }
  }
}

extension NetworkBuilder {
  /// Adds a convolution with its batch normalization; zeros are padded to keep the size at stride 1.
  mutating func apply(_ convolution: Convolution, to x: ValueID, module: String) -> ValueID {
    let c = convolution
    let weight = parameter(
      "\(module).weight", named: "onnx::Conv_\(nextWeightNumber)",
      shape: [c.outputChannels, c.inputChannels / c.groups, c.kernelSize, c.kernelSize],
      c.distribution)
    let bias = bias("\(module).bias", named: "onnx::Conv_\(nextWeightNumber + 1)", count: c.outputChannels)
    nextWeightNumber += 3
    countFolded(c.outputChannels)  // a scale and a shift became one bias
    let padding = (c.kernelSize - 1) / 2
    return apply(
      "Conv", in: scope(module), x, weight, bias,
      attributes: [
        "dilations": .ints([1, 1]), "group": .int(c.groups), "kernel_shape": .ints([c.kernelSize, c.kernelSize]),
        "pads": .ints([padding, padding, padding, padding]), "strides": .ints([c.stride, c.stride]),
      ])
  }
}
