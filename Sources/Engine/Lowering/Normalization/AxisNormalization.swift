import Graph

/// Normalizes over all axes from one on, then scales and shifts.
///
/// Ba et al., "Layer Normalization" (2016).
enum LayerNormalizationReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let axis = try node.context.axis(try node.context.int("axis", default: -1), rank: input.shape.count)
    let epsilon = R(try node.context.float("epsilon", default: 1e-5))
    let size = input.shape[axis...].reduce(1, *)
    let rows = input.shape[..<axis].reduce(1, *)
    var means = [R](repeating: 0, count: rows), deviations = means
    for row in 0..<rows {
      let range = (row * size)..<((row + 1) * size)
      let moments = Moments(values, range)
      means[row] = moments.mean
      deviations[row] = 1 / (moments.variance + epsilon).squareRoot()
      for i in range { values[i] = (values[i] - moments.mean) * deviations[row] }
    }
    try AxisScale.apply(node, 1, to: &values, shape: input.shape) { $0 * $1 }
    try AxisScale.apply(node, 2, to: &values, shape: input.shape) { $0 + $1 }
    let reduced = Array(input.shape[..<axis]) + input.shape[axis...].map { _ in 1 }
    let stash = try node.context.dataType("stash_type", default: .float32)
    return [
      try node.result(values, shape: input.shape, type: input.dataType),
      try node.result(means, shape: reduced, type: stash), try node.result(deviations, shape: reduced, type: stash),
    ]
  }
}

/// Divides by the root of the mean square over all axes from one on, then scales.
///
/// Zhang and Sennrich (2019).
enum RMSNormalizationReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let axis = try node.context.axis(try node.context.int("axis", default: -1), rank: input.shape.count)
    let epsilon = R(try node.context.float("epsilon", default: 1e-5))
    let size = input.shape[axis...].reduce(1, *)
    for row in 0..<input.shape[..<axis].reduce(1, *) {
      let range = (row * size)..<((row + 1) * size)
      var squares: R = 0
      for i in range { squares += values[i] * values[i] }
      let factor = 1 / (squares / R(size) + epsilon).squareRoot()
      for i in range { values[i] *= factor }
    }
    try AxisScale.apply(node, 1, to: &values, shape: input.shape) { $0 * $1 }
    return [try node.result(values, shape: input.shape, type: try node.tensor(1).dataType)]
  }
}

/// Combines each element with one of a smaller input that broadcasts.
enum AxisScale {
  /// Applies an operation in place, if the input is given.
  @inline(__always)
  static func apply<R: RealElement>(
    _ node: Evaluation, _ input: Int, to values: inout [R], shape: [Int], _ operation: (R, R) -> R
  ) throws(GraphError) {
    guard let other = try node.optionalValues(input, as: R.self) else { return }
    let steps = StridedWalk.broadcastStrides(try node.tensor(input).shape, to: shape)
    var walk = StridedWalk(sizes: shape, strides: [StridedWalk.rowMajorStrides(shape), steps])
    for _ in 0..<walk.rowCount {
      for i in 0..<walk.rowLength {
        let place = walk.offsets[0] + i * walk.rowStrides[0]
        values[place] = operation(values[place], other[walk.offsets[1] + i * walk.rowStrides[1]])
      }
      walk.advance()
    }
  }
}

/// Divides by the L1 or L2 norm along an axis; a norm of 0 leaves zeros.
enum LpNormalizationReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let axis = try node.context.axis(try node.context.int("axis", default: -1), rank: input.shape.count)
    let absolute = try node.context.int("p", default: 2) == 1
    let size = input.shape[axis], step = input.shape[(axis + 1)...].reduce(1, *)
    for outer in 0..<input.shape[..<axis].reduce(1, *) {
      for inner in 0..<step {
        let first = outer * size * step + inner
        var norm: R = 0
        for i in 0..<size {
          let x = values[first + i * step]
          norm += absolute ? x.magnitude : x * x
        }
        if !absolute { norm = norm.squareRoot() }
        if norm == 0 { continue }
        for i in 0..<size { values[first + i * step] /= norm }
      }
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)]
  }
}

/// (x - mean) / (standard deviation + 1e-9) over axes, by default all but the channels.
enum MeanVarianceReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let axes = try node.context.normalized(try node.context.ints("axes") ?? [0, 2, 3], rank: input.shape.count)
    // Each element belongs to the group that its kept axes tell.
    let kept = input.shape.indices.map { axes.contains($0) ? 1 : input.shape[$0] }
    let groups = kept.reduce(1, *)
    let steps = StridedWalk.broadcastStrides(kept, to: input.shape)
    let group = indices(input.shape, steps)
    var means = [R](repeating: 0, count: groups), squares = means
    let count = R(max(values.count / max(groups, 1), 1))
    for i in values.indices { means[group[i]] += values[i] }
    for i in means.indices { means[i] /= count }
    for i in values.indices { squares[group[i]] += (values[i] - means[group[i]]) * (values[i] - means[group[i]]) }
    for i in values.indices {
      values[i] = (values[i] - means[group[i]]) / ((squares[group[i]] / count).squareRoot() + 1e-9)
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)]
  }

  private static func indices(_ shape: [Int], _ steps: [Int]) -> [Int] {
    var walk = StridedWalk(sizes: shape, strides: [steps])
    var result: [Int] = []
    for _ in 0..<walk.rowCount {
      for i in 0..<walk.rowLength { result.append(walk.offsets[0] + i * walk.rowStrides[0]) }
      walk.advance()
    }
    return result
  }
}
