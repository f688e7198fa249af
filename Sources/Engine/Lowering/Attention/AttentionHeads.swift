import Graph

/// Queries, keys or values, whichever way their axes stand: [batch, heads, steps, depth] or [batch, steps, heads, depth].
struct HeadTensor<R: RealElement> {
  /// The elements.
  var values: [R]
  /// Items of the batch.
  let batch: Int
  /// Heads.
  let heads: Int
  /// Steps of the sequence.
  let steps: Int
  /// Elements of one head at one step.
  let depth: Int
  /// Whether steps stand before heads.
  let stepsFirst: Bool

  /// Describes elements of this shape.
  init(_ values: [R], batch: Int, heads: Int, steps: Int, depth: Int, stepsFirst: Bool) {
    self.values = values
    self.batch = batch
    self.heads = heads
    self.steps = steps
    self.depth = depth
    self.stepsFirst = stepsFirst
  }

  /// Where the elements of one head at one step start.
  @inline(__always)
  func offset(_ item: Int, _ head: Int, _ step: Int) -> Int {
    stepsFirst ? ((item * steps + step) * heads + head) * depth : ((item * heads + head) * steps + step) * depth
  }

  /// The same elements, heads before steps, behind those of an earlier tensor [batch, heads, steps, depth].
  func appended(to past: HeadTensor?) -> HeadTensor {
    if past == nil, !stepsFirst { return self }
    let before = past?.steps ?? 0
    var joined: [R] = []
    joined.reserveCapacity(values.count + (past?.values.count ?? 0))
    for item in 0..<batch {
      for head in 0..<heads {
        if let past {
          let start = past.offset(item, head, 0)
          joined += past.values[start..<(start + past.steps * depth)]
        }
        for step in 0..<steps {
          let start = offset(item, head, step)
          joined += values[start..<(start + depth)]
        }
      }
    }
    return HeadTensor(joined, batch: batch, heads: heads, steps: before + steps, depth: depth, stepsFirst: false)
  }
}

/// Numbers that stretch to [batch, heads, queries, keys].
struct ScoreTensor<R: RealElement> {
  /// The elements.
  let values: [R]
  /// Elements from one index of each axis to the next.
  let strides: [Int]

  /// Stretches elements of a shape of at most four axes.
  init(_ values: [R], shape: [Int], to target: [Int]) {
    self.values = values
    strides = StridedWalk.broadcastStrides(shape, to: target)
  }

  /// One element.
  @inline(__always)
  func callAsFunction(_ item: Int, _ head: Int, _ query: Int, _ key: Int) -> R {
    values[item * strides[0] + head * strides[1] + query * strides[2] + key * strides[3]]
  }
}

/// The pieces of attention that its operators share.
enum AttentionMath {
  /// The product of one query with all keys of its head.
  @inline(__always)
  static func scores<R: RealElement>(
    _ q: HeadTensor<R>, _ k: HeadTensor<R>, item: Int, head: Int, query: Int, scale: R, into scores: inout [R]
  ) {
    let group = q.heads / k.heads
    let start = q.offset(item, head, query)
    for key in 0..<k.steps {
      let other = k.offset(item, head / group, key)
      var sum: R = 0
      for i in 0..<q.depth { sum += q.values[start + i] * k.values[other + i] }
      scores[key] = sum * scale
    }
  }

  /// Turns scores into weights that sum to 1; zeros if no key may be attended to, or NaNs if rows shall not be guarded.
  @inline(__always)
  static func softmax<R: RealElement>(_ scores: inout [R], zeroMaskedRows: Bool = true) {
    var greatest = -R.infinity
    for score in scores where score > greatest { greatest = score }
    guard greatest > -.infinity else {
      for i in scores.indices { scores[i] = scores[i].isNaN || !zeroMaskedRows ? .nan : 0 }
      return
    }
    var sum: R = 0
    for i in scores.indices {
      scores[i] = (scores[i] - greatest).exponential
      sum += scores[i]
    }
    for i in scores.indices { scores[i] /= sum }
  }

  /// Adds the values of all keys, by their weights, to one row of a result.
  @inline(__always)
  static func mix<R: RealElement>(
    _ weights: [R], _ v: HeadTensor<R>, item: Int, head: Int, queryHeads: Int, into result: inout HeadTensor<R>,
    query: Int
  ) {
    let target = result.offset(item, head, query)
    for key in 0..<v.steps where weights[key] != 0 {
      let source = v.offset(item, head / (queryHeads / v.heads), key)
      for i in 0..<v.depth { result.values[target + i] += weights[key] * v.values[source + i] }
    }
  }
}

/// softmax(Q * K * scale + mask) * V, the axes in either order.
enum FusedAttentionReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let stepsFirst = try node.context.isStepsFirst("layout")
    func heads(_ input: Int) throws(GraphError) -> HeadTensor<R> {
      let shape = try node.tensor(input).shape
      return HeadTensor(
        try node.values(input, as: real), batch: shape[0], heads: shape[stepsFirst ? 2 : 1],
        steps: shape[stepsFirst ? 1 : 2], depth: shape[3], stepsFirst: stepsFirst)
    }
    let (q, k, v) = (try heads(0), try heads(1), try heads(2))
    let scale = R(try node.context.float("scale", default: 1))
    let mask = try node.optionalValues(3, as: real).map { values throws(GraphError) in
      ScoreTensor(values, shape: try node.tensor(3).shape, to: [q.batch, q.heads, q.steps, k.steps])
    }
    let zeroUndefinedRows = try node.context.bool("zero_undefined_rows", default: false)
    let outputStepsFirst = try node.context.isStepsFirst("output_layout")
    let shape = outputStepsFirst ? [q.batch, q.steps, q.heads, v.depth] : [q.batch, q.heads, q.steps, v.depth]
    var result = HeadTensor(
      try node.filled(R.zero, shape: shape), batch: q.batch, heads: q.heads, steps: q.steps, depth: v.depth,
      stepsFirst: outputStepsFirst)
    var scores = [R](repeating: 0, count: k.steps)
    for item in 0..<q.batch {
      for head in 0..<q.heads {
        for query in 0..<q.steps {
          AttentionMath.scores(q, k, item: item, head: head, query: query, scale: scale, into: &scores)
          if let mask { for key in scores.indices { scores[key] += mask(item, head, query, key) } }
          AttentionMath.softmax(&scores, zeroMaskedRows: zeroUndefinedRows)
          if zeroUndefinedRows { for key in scores.indices where scores[key].isNaN { scores[key] = 0 } }
          AttentionMath.mix(scores, v, item: item, head: head, queryHeads: q.heads, into: &result, query: query)
        }
      }
    }
    return [try node.result(result.values, shape: shape, type: try node.tensor(0).dataType)]
  }
}
