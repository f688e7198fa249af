import Graph

/// Mean and variance of numbers.
struct Moments<R: RealElement> {
  /// The mean.
  let mean: R
  /// The mean square of what differs from the mean.
  let variance: R

  /// The moments of a run of elements, in two passes.
  @inline(__always)
  init(_ values: [R], _ range: Range<Int>) {
    var sum: R = 0
    for i in range { sum += values[i] }
    let mean = sum / R(range.count)
    var squares: R = 0
    for i in range { squares += (values[i] - mean) * (values[i] - mean) }
    self.mean = mean
    variance = squares / R(range.count)
  }
}

/// (x - mean) / sqrt(variance + epsilon) * scale + bias for each channel; in training the batch's own mean and variance.
enum BatchNormalizationReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let scale = try node.values(1, as: real), bias = try node.values(2, as: real)
    var mean = try node.values(3, as: real), variance = try node.values(4, as: real)
    let channels = mean.count
    let epsilon = R(try node.context.float("epsilon", default: 1e-5))
    let size = input.shape.dropFirst(2).reduce(1, *)
    var outputs: [RuntimeValue] = []
    let training = try node.context.bool("training_mode", default: false)
    guard training || node.outputCount == 1 else {
      throw .unsupported(
        node: node.context.name, operator: node.context.node.op, reason: "statistics of a training step")
    }
    if training {
      let momentum = R(try node.context.float("momentum", default: 0.9))
      let batch = batchMoments(values, channels: channels, size: size)
      let type = try node.tensor(3).dataType
      for (old, new) in [(mean, batch.means), (variance, batch.variances)] {
        let running = zip(old, new).map { $0 * momentum + $1 * (1 - momentum) }
        outputs.append(try node.result(running, shape: [channels], type: type))
      }
      (mean, variance) = (batch.means, batch.variances)
    }
    let factors = (0..<channels).map { scale[$0] / (variance[$0] + epsilon).squareRoot() }
    for i in values.indices {
      let channel = i / size % channels
      values[i] = (values[i] - mean[channel]) * factors[channel] + bias[channel]
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)] + outputs
  }

  private static func batchMoments<R: RealElement>(
    _ values: [R], channels: Int, size: Int
  ) -> (means: [R], variances: [R]) {
    var means = [R](repeating: 0, count: channels), variances = means
    let count = R(max(values.count / max(channels, 1), 1))
    for i in values.indices { means[i / size % channels] += values[i] }
    for channel in means.indices { means[channel] /= count }
    for i in values.indices {
      let difference = values[i] - means[i / size % channels]
      variances[i / size % channels] += difference * difference
    }
    for channel in variances.indices { variances[channel] /= count }
    return (means, variances)
  }
}

/// Each channel of each item by its own mean and variance.
///
/// Ulyanov et al. (2016).
enum InstanceNormalizationReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let scale = try node.values(1, as: real), bias = try node.values(2, as: real)
    let epsilon = R(try node.context.float("epsilon", default: 1e-5))
    let size = input.shape[2...].reduce(1, *)
    for plane in 0..<(input.shape[0] * input.shape[1]) {
      let range = (plane * size)..<((plane + 1) * size)
      let channel = plane % input.shape[1]
      let moments = Moments(values, range)
      let factor = scale[channel] / (moments.variance + epsilon).squareRoot()
      for i in range { values[i] = (values[i] - moments.mean) * factor + bias[channel] }
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)]
  }
}

/// Groups of channels of each item by their own mean and variance.
///
/// Wu and He (2018).
///
/// Scale and bias are one for each group before version 21, one for each channel since.
enum GroupNormalizationReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let scale = try node.values(1, as: real), bias = try node.values(2, as: real)
    let epsilon = R(try node.context.float("epsilon", default: 1e-5))
    let groups = try node.context.int("num_groups")
    let (channels, size) = (input.shape[1], input.shape[2...].reduce(1, *))
    let perGroup = channels / groups
    for block in 0..<(input.shape[0] * groups) {
      let range = (block * perGroup * size)..<((block + 1) * perGroup * size)
      let moments = Moments(values, range)
      let factor = 1 / (moments.variance + epsilon).squareRoot()
      for i in range {
        let place = node.version < 21 ? block % groups : i / size % channels
        values[i] = (values[i] - moments.mean) * factor * scale[place] + bias[place]
      }
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)]
  }
}

/// Divides by a power of the squares summed over neighbouring channels.
///
/// Krizhevsky et al. (2012).
enum LocalResponseReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let values = try node.values(0, as: real)
    let window = try node.context.int("size")
    let alpha = R(try node.context.float("alpha", default: 1e-4)) / R(window)
    let beta = R(try node.context.float("beta", default: 0.75)), bias = R(try node.context.float("bias", default: 1))
    let (channels, size) = (input.shape[1], input.shape.dropFirst(2).reduce(1, *))
    var result = values
    for plane in 0..<(input.shape[0] * channels) {
      let channel = plane % channels
      let first = max(0, channel - (window - 1) / 2), last = min(channels - 1, channel + window / 2)
      for i in 0..<size {
        var squares: R = 0
        for neighbour in first...max(first, last) {
          let x = values[(plane - channel + neighbour) * size + i]
          squares += x * x
        }
        result[plane * size + i] = values[plane * size + i] / (bias + alpha * squares).power(beta)
      }
    }
    return [try node.result(result, shape: input.shape, type: input.dataType)]
  }
}
