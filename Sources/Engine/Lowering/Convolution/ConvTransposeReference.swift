import Graph

/// Transposed convolution of [N, C, spatial…] with [C, M / group, kernel…]: each element spreads its window over the result.
enum ConvTransposeReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let (input, kernel) = (try node.tensor(0), try node.tensor(1).shape)
    let spatial = Array(input.shape[2...])
    var window = try node.context.transposedWindow(kernel: Array(kernel[2...])).window(
      over: spatial, node: node.context.name)
    let (batch, channels, groups) = (input.shape[0], input.shape[1], try node.context.groups())
    let filters = kernel[1] * groups
    let shape = [batch, filters] + window.output
    var result = try node.filled(R.zero, shape: shape)
    // Seen from the result, the input's elements are the positions of a forward window.
    let image = window.output
    window.output = spatial
    let taps = SlidingTap.all(of: window, over: image)
    let (x, w) = (try node.values(0, as: real), try node.values(1, as: real))
    if let bias = try node.optionalValues(2, as: real) {
      let size = image.reduce(1, *)
      for i in result.indices { result[i] = bias[i / size % filters] }
    }
    spread(x, w, taps, channels: channels, groups: groups, perGroup: kernel[1], spatial: spatial, image: image, &result)
    return [try node.result(result, shape: shape, type: input.dataType)]
  }

  @inline(__always)
  private static func spread<R: RealElement>(
    _ image: [R], _ weights: [R], _ taps: [SlidingTap], channels: Int, groups: Int, perGroup: Int, spatial: [Int],
    image sizes: [Int], _ result: inout [R]
  ) {
    let (inputSize, outputSize) = (spatial.reduce(1, *), sizes.reduce(1, *))
    guard inputSize > 0, outputSize > 0, channels > 0 else { return }
    let (x, w) = (image.span, weights.span)
    var output = result.mutableSpan
    let batch = x.count / (channels * inputSize)
    for item in 0..<batch {
      for channel in 0..<channels {
        let source = (item * channels + channel) * inputSize
        let group = channel / (channels / groups)
        for filter in 0..<perGroup {
          let target = ((item * groups + group) * perGroup + filter) * outputSize
          for (index, tap) in taps.enumerated() {
            let weight = w[(channel * perGroup + filter) * taps.count + index]
            for run in tap.runs {
              let (i, o) = (source + run.output, target + run.input)
              for p in 0..<run.count { output[o &+ p &* tap.step] += weight * x[i &+ p] }
            }
          }
        }
      }
    }
  }
}
