import Foundation
import Graph

/// Scaled dot-product attention with masks, windows, caps, caches and shared heads.

///

/// ONNX, "Attention" (23 to 25).
enum AttentionReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let type = try node.tensor(0).dataType, valueType = try node.tensor(2).dataType
    let flat = try node.tensor(0).shape.count == 3
    let q = try heads(node, 0, attribute: "q_num_heads", as: real)
    let k = try heads(node, 1, attribute: "kv_num_heads", as: real).appended(to: try past(node, 4, as: real))
    let v = try heads(node, 2, attribute: "kv_num_heads", as: real).appended(to: try past(node, 5, as: real))
    let shape = [q.batch, q.steps, q.heads * v.depth]
    let scoreShape = [q.batch, q.heads, q.steps, k.steps]
    let mask = try AttentionMask(
      node, target: scoreShape, past: k.steps - (try node.tensor(1).shape.dropLast().last ?? 0), as: real)
    let scale = R(try node.context.float("scale", default: 1 / Float(q.depth).squareRoot()))
    let softcap = R(try node.context.float("softcap", default: 0))
    let mode = try node.context.int("qk_matmul_output_mode", default: 0)
    var kept = try node.wantsOutput(3) ? node.filled(R.zero, shape: scoreShape) : []

    var result = HeadTensor(
      try node.filled(R.zero, shape: shape), batch: q.batch, heads: q.heads, steps: q.steps, depth: v.depth,
      stepsFirst: flat)
    var scores = [R](repeating: 0, count: k.steps)
    for item in 0..<q.batch {
      for head in 0..<q.heads {
        for query in 0..<q.steps {
          let row = ((item * q.heads + head) * q.steps + query) * k.steps
          func keep(_ wanted: Int) {
            if mode == wanted, !kept.isEmpty { kept.replaceSubrange(row..<(row + k.steps), with: scores) }
          }
          AttentionMath.scores(q, k, item: item, head: head, query: query, scale: scale, into: &scores)
          keep(0)
          if softcap > 0 {
            for i in scores.indices {
              scores[i] = softcap * R.apply(scores[i] / softcap, float: Foundation.tanh, double: Foundation.tanh)
            }
          }
          keep(1)
          mask.apply(item, head, query, to: &scores)
          keep(2)
          AttentionMath.softmax(&scores)
          keep(3)
          AttentionMath.mix(scores, v, item: item, head: head, queryHeads: q.heads, into: &result, query: query)
        }
      }
    }
    let output = flat ? shape : [q.batch, q.heads, q.steps, v.depth]
    return [
      try node.result(result.values, shape: output, type: type),
      try node.result(k.values, shape: [k.batch, k.heads, k.steps, k.depth], type: type),
      try node.result(v.values, shape: [v.batch, v.heads, v.steps, v.depth], type: valueType),
    ] + (node.wantsOutput(3) ? [try node.result(kept, shape: scoreShape, type: type)] : [])
  }

  private static func heads<R: RealElement>(
    _ node: Evaluation, _ input: Int, attribute: String, as real: R.Type
  ) throws(GraphError) -> HeadTensor<R> {
    let shape = try node.tensor(input).shape
    let values = try node.values(input, as: real)
    if shape.count == 4 {
      return HeadTensor(values, batch: shape[0], heads: shape[1], steps: shape[2], depth: shape[3], stepsFirst: false)
    }
    let heads = try node.context.int(attribute)
    return HeadTensor(
      values, batch: shape[0], heads: heads, steps: shape[1], depth: shape[2] / max(heads, 1), stepsFirst: true)
  }

  private static func past<R: RealElement>(
    _ node: Evaluation, _ input: Int, as real: R.Type
  ) throws(GraphError) -> HeadTensor<R>? {
    guard let values = try node.optionalValues(input, as: real) else { return nil }
    let shape = try node.tensor(input).shape
    return HeadTensor(values, batch: shape[0], heads: shape[1], steps: shape[2], depth: shape[3], stepsFirst: false)
  }
}

/// What keeps queries from keys: a mask, causality, windows, and padding at the end of the keys.
struct AttentionMask<R: RealElement> {
  private var bias: ScoreTensor<R>?
  /// Keys that the mask covers; those behind are masked.
  private var covered: Int
  private let isCausal: Bool
  private let left: Int
  private let right: Int
  /// The position of the first query among the keys.
  private let offset: Int
  /// Keys of each item that are not padding.
  private let lengths: [Int]?
  private let queries: Int

  /// Reads the mask of a node.
  ///
  /// - Parameters:
  ///   - target: batch, heads, queries and keys.
  ///   - past: keys before those of this call.
  init(_ node: Evaluation, target: [Int], past: Int, as real: R.Type) throws(GraphError) {
    isCausal = try node.context.bool("is_causal", default: false)
    left = try node.context.int("left_window_size", default: -1)
    right = try node.context.int("right_window_size", default: -1)
    guard left >= -1, right >= -1 else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "left_window_size", expected: "-1 and more", found: "\(left), \(right)")
    }
    offset = past
    queries = target[2]
    lengths = try node.optionalValues(6, as: Int64.self)?.map { Int(clamping: min(max($0, -1 << 40), 1 << 40)) }
    covered = target[3]
    guard let tensor = try node.optionalTensor(3) else { return }
    var values = try node.values(3, as: real)
    if tensor.dataType == .bool { for i in values.indices { values[i] = values[i] == 0 ? -.infinity : 0 } }
    var wanted = target
    if let last = tensor.shape.last, last < target[3] { (covered, wanted[3]) = (last, last) }
    let fits =
      tensor.shape.count <= 4 && zip(tensor.shape.reversed(), wanted.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
    guard fits else {
      throw node.badShape(3, expected: "one that broadcasts to \(Shape(target))", found: tensor.shape)
    }
    bias = ScoreTensor(values, shape: tensor.shape, to: wanted)
  }

  /// Adds the mask to the scores of one query.
  @inline(__always)
  func apply(_ item: Int, _ head: Int, _ query: Int, to scores: inout [R]) {
    let position = query + (lengths.map { $0[item] - queries } ?? offset)
    let length = lengths?[item] ?? scores.count
    for key in scores.indices {
      let hidden =
        key >= covered || key >= length || (isCausal && key > position)
        || (left >= 0 && position - key > left) || (right >= 0 && key - position > right)
      let term: R = hidden ? -.infinity : bias?(item, head, query, key) ?? 0
      scores[key] = term == -.infinity ? term : scores[key] + term
    }
  }
}

/// Attention whose scores and weights pass through graphs of the node.

///

/// ONNX, "FlexAttention" (preview 1).
enum FlexAttentionReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let type = try node.tensor(0).dataType
    func heads(_ input: Int) throws(GraphError) -> HeadTensor<R> {
      let shape = try node.tensor(input).shape
      return HeadTensor(
        try node.values(input, as: real), batch: shape[0], heads: shape[1], steps: shape[2], depth: shape[3],
        stepsFirst: false)
    }
    let (q, k, v) = (try heads(0), try heads(1), try heads(2))
    let scale = R(try node.context.float("scale", default: 1 / Float(q.depth).squareRoot()))
    let precision = try node.context.dataType("softmax_precision", default: R.dataType)
    let shape = [q.batch, q.heads, q.steps, k.steps]
    func modified(_ attribute: String, _ values: [R]) throws(GraphError) -> [R] {
      guard node.context.hasAttribute(attribute) else { return values }
      let results = try node.runSubgraph(attribute, [try node.result(values, shape: shape, type: precision)])
      guard let tensor = results.first?.tensor, tensor.shape == shape,
        let modified = tensor.converted(to: R.dataType)?.elements(real)
      else {
        throw .invalidAttribute(
          node: node.context.name, attribute: attribute, expected: "a graph that keeps the shape \(Shape(shape))",
          found: "another")
      }
      return modified
    }
    var scores = try node.filled(R.zero, shape: shape)
    var row = [R](repeating: 0, count: k.steps)
    func each(_ body: (Int, Int, Int, Range<Int>) -> Void) {
      for item in 0..<q.batch {
        for head in 0..<q.heads {
          for query in 0..<q.steps {
            let start = ((item * q.heads + head) * q.steps + query) * k.steps
            body(item, head, query, start..<(start + k.steps))
          }
        }
      }
    }
    each { item, head, query, range in
      AttentionMath.scores(q, k, item: item, head: head, query: query, scale: scale, into: &row)
      scores.replaceSubrange(range, with: row)
    }
    scores = try modified("score_mod", scores)
    each { _, _, _, range in
      row = Array(scores[range])
      AttentionMath.softmax(&row, zeroMaskedRows: false)
      scores.replaceSubrange(range, with: row)
    }
    scores = try modified("prob_mod", scores)
    let output = [q.batch, q.heads, q.steps, v.depth]
    var result = HeadTensor(
      try node.filled(R.zero, shape: output), batch: q.batch, heads: q.heads, steps: q.steps, depth: v.depth,
      stepsFirst: false)
    each { item, head, query, range in
      AttentionMath.mix(
        Array(scores[range]), v, item: item, head: head, queryHeads: q.heads, into: &result, query: query)
    }
    return [try node.result(result.values, shape: output, type: type)]
  }
}
