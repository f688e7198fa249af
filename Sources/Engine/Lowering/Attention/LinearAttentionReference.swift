import Graph

/// Attention through a state of keys times values, updated step by step.

///

/// ONNX, "LinearAttention" (27).
///
/// Yang et al., "Gated Delta Networks" (2024): decay, correct by what the state already holds, write, read.
enum LinearAttentionReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let type = try node.tensor(0).dataType
    let shape = try node.tensor(0).shape
    let (batch, steps) = (shape[0], shape[1])
    let queryHeads = try node.context.int("q_num_heads"), heads = try node.context.int("kv_num_heads")
    let depth = shape[2] / queryHeads, valueDepth = try node.tensor(2).shape[2] / heads
    let q = try node.values(0, as: real), k = try node.values(1, as: real), v = try node.values(2, as: real)
    let decay = try Gate(node, 4, heads: heads, allowed: [heads, heads * depth], as: real)
    let beta = try Gate(node, 5, heads: heads, allowed: [heads, 1], as: real)
    let scaleAttribute = try node.context.float("scale", default: 0)
    let scale = scaleAttribute == 0 ? 1 / R(depth).squareRoot() : R(scaleAttribute)

    let stateShape = [batch, heads, depth, valueDepth]
    let past = try node.optionalValues(3, as: real)
    var state = if let past { past } else { try node.filled(R.zero, shape: stateShape) }
    var result = try node.filled(R.zero, shape: [batch, steps, queryHeads * valueDepth])
    var written = [R](repeating: 0, count: valueDepth)
    for item in 0..<batch {
      for step in 0..<steps {
        let row = item * steps + step
        for head in 0..<heads {
          let first = (item * heads + head) * depth * valueDepth
          let (key, value) = ((row * heads + head) * depth, (row * heads + head) * valueDepth)
          if let decay {
            for d in 0..<depth {
              let factor = decay(row, head, d).exponential
              for m in 0..<valueDepth { state[first + d * valueDepth + m] *= factor }
            }
          }
          for m in 0..<valueDepth { written[m] = v[value + m] }
          if let beta {
            for m in 0..<valueDepth {
              var held: R = 0
              for d in 0..<depth { held += state[first + d * valueDepth + m] * k[key + d] }
              written[m] = beta(row, head, 0) * (written[m] - held)
            }
          }
          for d in 0..<depth {
            for m in 0..<valueDepth { state[first + d * valueDepth + m] += k[key + d] * written[m] }
          }
          for member in 0..<(queryHeads / heads) {
            let reader = row * queryHeads + head * (queryHeads / heads) + member
            for m in 0..<valueDepth {
              var sum: R = 0
              for d in 0..<depth { sum += q[reader * depth + d] * state[first + d * valueDepth + m] }
              result[reader * valueDepth + m] = scale * sum
            }
          }
        }
      }
    }
    let stateType = try node.optionalTensor(3)?.dataType ?? type
    return [
      try node.result(result, shape: [batch, steps, queryHeads * valueDepth], type: type),
      try node.result(state, shape: stateShape, type: stateType),
    ]
  }

  /// One number for each step and head, or for each element of a head, or one for all heads.
  private struct Gate<R: RealElement> {
    let values: [R]
    let width: Int
    let heads: Int

    init?(_ node: Evaluation, _ input: Int, heads: Int, allowed: [Int], as real: R.Type) throws(GraphError) {
      guard let values = try node.optionalValues(input, as: real) else { return nil }
      let shape = try node.tensor(input).shape
      guard allowed.contains(shape[2]) else {
        throw node.badShape(input, expected: "a last size of \(allowed[0]) or \(allowed[1])", found: shape)
      }
      self.values = values
      width = shape[2]
      self.heads = heads
    }

    @inline(__always)
    func callAsFunction(_ row: Int, _ head: Int, _ element: Int) -> R {
      if width == 1 { return values[row] }
      let perHead = width / heads
      return values[row * width + head * perHead + (perHead == 1 ? 0 : element)]
    }
  }
}

/// Depthwise convolution along a sequence that continues from kept inputs.

///

/// ONNX, "CausalConvWithState" (27).
enum CausalConvReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let (batch, channels, length) = (input.shape[0], input.shape[1], input.shape[2])
    let taps = try node.tensor(1).shape[2]
    guard taps >= 1 else { throw node.badShape(1, expected: "at least one tap", found: try node.tensor(1).shape) }
    let x = try node.values(0, as: real), weights = try node.values(1, as: real)
    let bias = try node.optionalValues(2, as: real), past = try node.optionalValues(3, as: real)
    let activate = try node.context.string("activation", default: "none") != "none"
    let kept = taps - 1
    var result = x
    var state = try node.filled(R.zero, shape: [batch, channels, kept])
    var line = [R](repeating: 0, count: kept + length)
    for plane in 0..<(batch * channels) {
      for i in 0..<kept { line[i] = past?[plane * kept + i] ?? 0 }
      for i in 0..<length { line[kept + i] = x[plane * length + i] }
      let channel = plane % channels
      for i in 0..<length {
        var sum = bias?[channel] ?? 0
        for tap in 0..<taps { sum += weights[channel * taps + tap] * line[i + tap] }
        result[plane * length + i] = activate ? FusedActivation.silu(sum) : sum
      }
      for i in 0..<kept { state[plane * kept + i] = line[length + i] }
    }
    return [
      try node.result(result, shape: input.shape, type: input.dataType),
      try node.result(state, shape: [batch, channels, kept], type: input.dataType),
    ]
  }
}
