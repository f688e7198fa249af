extension OperatorSchema {
  /// Attention and what prepares its inputs.
  static let attention: [OperatorSchema] = [
    OperatorSchema(
      "Attention", versions: [23, 24, 25], inputs: 3...7, outputs: 1...4,
      attributes: [
        "is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode", "right_window_size",
        "scale", "softcap", "softmax_precision",
      ]
    ) { node throws(GraphError) in try node.attentionTypes() },
    OperatorSchema(
      "FlexAttention", domain: "ai.onnx.preview", versions: [1], inputs: 3...3,
      attributes: ["prob_mod", "scale", "score_mod", "softmax_precision"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      return [.tensor(type, try node.attentionShape())]
    },
    OperatorSchema(
      "RotaryEmbedding", versions: [23], inputs: 3...4,
      attributes: ["interleaved", "num_heads", "rotary_embedding_dim"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      try node.expectType(.int64, of: [3])
      let x = try node.shape(0)
      if let x, x.rank == 3, try node.int("num_heads", default: 0) <= 0 {
        throw node.invalid("num_heads", expected: "a positive number, as the input has 3 axes", found: "none")
      }
      guard x.map({ $0.rank == 3 || $0.rank == 4 }) ?? true else {
        throw .shapeMismatch(node: node.name, input: "0", expected: "of rank 3 or 4", found: x?.description ?? "?")
      }
      return [.tensor(type, x)]
    },
    OperatorSchema(
      "LinearAttention", versions: [27], inputs: 3...6, outputs: 1...2,
      attributes: ["chunk_size", "kv_num_heads", "q_num_heads", "scale", "update_rule"]
    ) { node throws(GraphError) in try node.linearAttentionTypes() },
    OperatorSchema("SwiGLU", versions: [28], inputs: 2...2, attributes: ["alpha"]) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1])
      guard let a = try node.shape(0) else { return [try node.type(1)] }
      try node.expect(1, try node.shape(1), a)
      return [.tensor(type, a)]
    },
    OperatorSchema(
      "CausalConvWithState", versions: [27], inputs: 2...4, outputs: 1...2, attributes: ["activation"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3])
      let activation = try node.string("activation", default: "none")
      guard ["none", "silu", "swish"].contains(activation) else {
        throw node.invalid("activation", expected: "none, silu or swish", found: activation)
      }
      let x = try node.shape(0, rank: 3), w = try node.shape(1, rank: 3)
      let channels = x?[1] ?? .unknown
      try node.expect(1, w, [channels, 1, .unknown])
      try node.expectVector(2, size: channels)
      let kept: Dimension = w?[2].size.map { .known($0 - 1) } ?? .unknown
      try node.expect(3, try node.optionalShape(3, rank: 3), [x?[0] ?? .unknown, channels, kept])
      return [.tensor(type, x), .tensor(type, [x?[0] ?? .unknown, channels, kept])]
    },
  ]
}

extension NodeContext {
  /// Sizes of attention over inputs [batch, heads, steps, depth], or [batch, steps, heads * depth] with attributes for the heads.
  fileprivate func attentionTypes() throws(GraphError) -> [ValueType] {
    let type = try dataType(0, in: .floats)
    let valueType = try dataType(2, in: .floats)
    try expectType(type, of: [1, 4])
    try expectType(valueType, of: [5])
    if hasInput(3) { _ = try dataType(3, in: Set<DataType>.numbers.union([.bool])) }
    try expectType(.int64, of: [6])
    guard hasInput(4) == hasInput(5) else { throw .missingInput(node: name, input: hasInput(4) ? "5" : "4") }
    guard !hasInput(6) || !hasInput(4) else {
      throw .invalidGraph(node: name, what: "past keys and nonpad_kv_seqlen exclude each other")
    }
    let unknown: [ValueType] = [.tensor(type, nil), .tensor(type, nil), .tensor(valueType, nil), .tensor(type, nil)]
    guard let q = try shape(0), let k = try shape(1, rank: q.rank), let v = try shape(2, rank: q.rank) else {
      return unknown
    }
    guard q.rank == 3 || q.rank == 4 else {
      throw .shapeMismatch(node: name, input: "0", expected: "of rank 3 or 4", found: "\(q)")
    }
    let past = try optionalShape(4, rank: 4)
    let batch = q[0], steps = q[q.rank - 2]
    let queryHeads = try heads(q, attribute: "q_num_heads"), keyHeads = try heads(k, attribute: "kv_num_heads")
    if let queries = queryHeads.size, let keys = keyHeads.size, keys <= 0 || queries % keys != 0 {
      throw .shapeMismatch(node: name, input: "1", expected: "heads that divide \(queries)", found: "\(keys)")
    }
    let depth = try depth(q, input: 0, heads: queryHeads), valueDepth = try self.depth(v, input: 2, heads: keyHeads)
    let keyDepth = try self.depth(k, input: 1, heads: keyHeads)
    try expectDepth(depth, keyDepth, of: 1)
    try expect(2, v, q.rank == 4 ? [k[0], k[1], k[2], v[3]] : [k[0], k[1], v[2]])
    try expect(1, k, q.rank == 4 ? [batch, k[1], k[2], k[3]] : [batch, k[1], k[2]])
    var total = k[k.rank - 2]
    if hasInput(4) {
      try expect(4, past, [batch, keyHeads, .unknown, keyDepth])
      try expect(5, try optionalShape(5, rank: 4), [batch, keyHeads, past?[2] ?? .unknown, valueDepth])
      total = total.adding(past?[2] ?? .unknown)
    }
    try expectVector(6, size: batch)
    let hidden: Dimension = queryHeads.multiplied(by: valueDepth)
    return [
      .tensor(type, q.rank == 4 ? [batch, queryHeads, steps, valueDepth] : [batch, steps, hidden]),
      .tensor(type, [batch, keyHeads, total, keyDepth]), .tensor(valueType, [batch, keyHeads, total, valueDepth]),
      .tensor(type, [batch, queryHeads, steps, total]),
    ]
  }

  /// The heads of a tensor of rank 4, or what the attribute says of one of rank 3.
  private func heads(_ shape: Shape, attribute: String) throws(GraphError) -> Dimension {
    if shape.rank == 4 { return shape[1] }
    let heads = try int(attribute)
    guard heads > 0 else { throw invalid(attribute, expected: "a positive number", found: heads) }
    return .known(heads)
  }

  private func depth(_ shape: Shape, input: Int, heads: Dimension) throws(GraphError) -> Dimension {
    if shape.rank == 4 { return shape[3] }
    guard let all = shape[2].size, let heads = heads.size else { return .unknown }
    guard all % heads == 0 else {
      throw .shapeMismatch(
        node: name, input: "\(input)", expected: "a last size that \(heads) heads divide", found: "\(shape)")
    }
    return .known(all / heads)
  }

  /// The result of attention over inputs [batch, heads, steps, depth].
  fileprivate func attentionShape() throws(GraphError) -> Shape? {
    guard let q = try shape(0, rank: 4), let k = try shape(1, rank: 4), let v = try shape(2, rank: 4) else {
      return nil
    }
    try expect(1, k, [q[0], k[1], k[2], q[3]])
    try expect(2, v, [q[0], k[1], k[2], v[3]])
    if let queries = q[1].size, let keys = k[1].size, keys <= 0 || queries % keys != 0 {
      throw .shapeMismatch(node: name, input: "1", expected: "heads that divide \(queries)", found: "\(keys)")
    }
    return [q[0], q[1], q[2], v[3]]
  }

  fileprivate func linearAttentionTypes() throws(GraphError) -> [ValueType] {
    let type = try dataType(0, in: .floats)
    try expectType(type, of: [1, 2])
    let stateType = hasInput(3) ? try dataType(3, in: .floats) : type
    for index in 4...5 where hasInput(index) { _ = try dataType(index, in: .floats) }
    let rule = try string("update_rule", default: "gated_delta")
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else {
      throw invalid("update_rule", expected: "linear, gated, delta or gated_delta", found: rule)
    }
    for (input, needed) in [(4, rule.hasPrefix("gated")), (5, rule.hasSuffix("delta"))] {
      guard hasInput(input) == needed else {
        if needed { throw .missingInput(node: name, input: "\(input)") }
        throw .invalidGraph(node: name, what: "update rule '\(rule)' takes no input \(input)")
      }
    }
    let q = try shape(0, rank: 3), k = try shape(1, rank: 3), v = try shape(2, rank: 3)
    let queryHeads = try int("q_num_heads"), heads = try int("kv_num_heads")
    guard heads > 0, queryHeads > 0, queryHeads % heads == 0 else {
      throw invalid("q_num_heads", expected: "a positive multiple of \(heads)", found: queryHeads)
    }
    let (batch, steps) = (q?[0] ?? .unknown, q?[1] ?? .unknown)
    let keyDepth =
      try q.map { shape throws(GraphError) in try depth(shape, input: 0, heads: .known(queryHeads)) } ?? .unknown
    let valueDepth =
      try v.map { shape throws(GraphError) in try depth(shape, input: 2, heads: .known(heads)) } ?? .unknown
    try expect(1, k, [batch, steps, keyDepth.multiplied(by: .known(heads))])
    try expect(2, v, [batch, steps, .unknown])
    let state: Shape = [batch, .known(heads), keyDepth, valueDepth]
    try expect(3, try optionalShape(3, rank: 4), state)
    for index in 4...5 { try expect(index, try optionalShape(index, rank: 3), [batch, steps, .unknown]) }
    return [.tensor(type, [batch, steps, valueDepth.multiplied(by: .known(queryHeads))]), .tensor(stateType, state)]
  }
}
