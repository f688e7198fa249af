import Graph

/// Convolution of [N, C, spatial…] with [M, C / group, kernel…], tap by tap, for any number of spatial axes.
enum ConvReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let (values, shape) = try sums(node, as: real)
    return [try node.result(values, shape: shape, type: try node.tensor(0).dataType)]
  }

  /// The convolution of inputs 0 and 1, plus the bias of input 2 if it is given.
  ///
  /// - Parameter scale: the input, if any, that holds a factor for the weights of each filter.
  static func sums<R: RealElement>(
    _ node: Evaluation, scale: Int? = nil, as real: R.Type
  ) throws(GraphError) -> ([R], shape: [Int]) {
    let geometry = try ConvGeometry(node, weights: 1)
    var weights = try node.values(1, as: real)
    if let scale, let factors = try node.optionalValues(scale, as: real), !factors.isEmpty {
      let size = weights.count / factors.count
      for i in weights.indices { weights[i] *= factors[i / size] }
    }
    let sums = try convolve(
      try node.values(0, as: real), weights, bias: try node.optionalValues(2, as: real), geometry, node)
    return (sums, geometry.output)
  }

  /// Sums of products; whole numbers wrap around.
  @_specialize(where E == Float)
  @_specialize(where E == Double)
  @_specialize(where E == Int32)
  static func convolve<E: NumericElement>(
    _ image: [E], _ weights: [E], bias: [E]?, _ geometry: ConvGeometry, _ node: Evaluation
  ) throws(GraphError) -> [E] {
    let taps = SlidingTap.all(of: geometry.window, over: geometry.spatial)
    let (inputSize, outputSize) = (geometry.spatial.reduce(1, *), geometry.window.output.reduce(1, *))
    let perGroup = geometry.channels / geometry.groups
    let filtersPerGroup = geometry.filters / geometry.groups
    var result = try node.filled(E.zero, shape: geometry.output)
    var output = result.mutableSpan
    let (x, w) = (image.span, weights.span)
    for item in 0..<geometry.batch {
      for filter in 0..<geometry.filters {
        let target = (item * geometry.filters + filter) * outputSize
        if let bias { for i in target..<(target + outputSize) { output[i] = bias[filter] } }
        for channel in 0..<perGroup {
          let source = (item * geometry.channels + filter / filtersPerGroup * perGroup + channel) * inputSize
          let firstWeight = (filter * perGroup + channel) * taps.count
          for (index, tap) in taps.enumerated() {
            let weight = w[firstWeight + index]
            for run in tap.runs {
              let (o, i) = (target + run.output, source + run.input)
              for p in 0..<run.count {
                output[o &+ p] = output[o &+ p].plus(weight.times(x[i &+ p &* tap.step]))
              }
            }
          }
        }
      }
    }
    return result
  }
}

/// Sizes of a convolution whose inputs are at hand.
struct ConvGeometry: Sendable {
  /// Items of the batch.
  let batch: Int
  /// Channels of the image.
  let channels: Int
  /// Channels of the result.
  let filters: Int
  /// Parts that the channels fall into.
  let groups: Int
  /// Spatial sizes of the image.
  let spatial: [Int]
  /// The window and the spatial sizes of the result.
  let window: SlidingWindow

  /// The shape of the result.
  var output: [Int] { [batch, filters] + window.output }

  /// Reads the geometry of a node whose image is input 0.
  init(_ node: Evaluation, weights: Int) throws(GraphError) {
    let (x, w) = (try node.tensor(0).shape, try node.tensor(weights).shape)
    batch = x[0]
    channels = x[1]
    filters = w[0]
    groups = try node.context.groups()
    spatial = Array(x[2...])
    window = try node.context.slidingWindow(kernel: Array(w[2...])).window(over: spatial, node: node.context.name)
  }

  /// Puts a geometry together.
  init(batch: Int, channels: Int, filters: Int, groups: Int, spatial: [Int], window: SlidingWindow) {
    self.batch = batch
    self.channels = channels
    self.filters = filters
    self.groups = groups
    self.spatial = spatial
    self.window = window
  }
}
