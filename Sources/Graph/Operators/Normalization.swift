extension OperatorSchema {
  /// Scaling to a mean, a variance or a length.
  static let normalization: [OperatorSchema] = [
    OperatorSchema(
      "BatchNormalization", versions: [6, 7, 9, 14, 15], inputs: 5...5, outputs: 1...5,
      attributes: ["epsilon", "is_test", "momentum", "spatial", "training_mode"]
    ) { node throws(GraphError) in try node.batchNormalization() },
    OperatorSchema("InstanceNormalization", versions: [6, 22], inputs: 3...3, attributes: ["epsilon"]) {
      node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      let x = try node.shape(0)
      if let x {
        guard x.rank >= 3 else {
          throw .shapeMismatch(node: node.name, input: "0", expected: "of rank 3 or more", found: "\(x)")
        }
        for index in 1...2 { try node.expectVector(index, size: x[1]) }
      }
      return [.tensor(type, x)]
    },
    OperatorSchema(
      "LayerNormalization", versions: [1, 17], inputs: 2...3, outputs: 1...3,
      attributes: ["axis", "epsilon", "stash_type"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      let stash = try node.dataType("stash_type", default: .float32)
      guard let x = try node.shape(0) else { return [.tensor(type, nil), .tensor(stash, nil), .tensor(stash, nil)] }
      let axis = try node.axis(try node.int("axis", default: -1), rank: x.rank)
      try node.expectBroadcast(1, to: x)
      try node.expectBroadcast(2, to: x)
      let reduced = Shape(x.dimensions[..<axis] + Array(repeating: 1, count: x.rank - axis))
      return [.tensor(type, x), .tensor(stash, reduced), .tensor(stash, reduced)]
    },
    OperatorSchema(
      "GroupNormalization", versions: [18, 21], inputs: 3...3, attributes: ["epsilon", "num_groups", "stash_type"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      let groups = try node.int("num_groups")
      let x = try node.shape(0)
      guard groups > 0, x.map({ $0.rank >= 3 && ($0[1].size.map { $0 % groups == 0 } ?? true) }) ?? true else {
        throw node.invalid("num_groups", expected: "a divisor of the channels", found: groups)
      }
      if let x {
        for index in 1...2 { try node.expectVector(index, size: node.version < 21 ? .known(groups) : x[1]) }
      }
      return [.tensor(type, x)]
    },
    OperatorSchema("RMSNormalization", versions: [23], inputs: 2...2, attributes: ["axis", "epsilon", "stash_type"]) {
      node throws(GraphError) in
      _ = try node.dataType(0, in: .floats)
      let x = try node.shape(0)
      if let x {
        _ = try node.axis(try node.int("axis", default: -1), rank: x.rank)
        try node.expectBroadcast(1, to: x)
      }
      return [.tensor(try node.dataType(1, in: .floats), x)]
    },
    OperatorSchema("LRN", versions: [1, 13], inputs: 1...1, attributes: ["alpha", "beta", "bias", "size"]) {
      node throws(GraphError) in
      guard try node.int("size") > 0 else {
        throw node.invalid("size", expected: "a positive number", found: try node.int("size"))
      }
      if let x = try node.shape(0), x.rank < 2 {
        throw .shapeMismatch(node: node.name, input: "0", expected: "of rank 2 or more", found: "\(x)")
      }
      return [.tensor(try node.dataType(0, in: .floats), try node.shape(0))]
    },
    OperatorSchema("LpNormalization", versions: [1, 22], inputs: 1...1, attributes: ["axis", "p"]) {
      node throws(GraphError) in
      let norm = try node.int("p", default: 2)
      guard norm == 1 || norm == 2 else { throw node.invalid("p", expected: "1 or 2", found: norm) }
      let x = try node.shape(0)
      if let x { _ = try node.axis(try node.int("axis", default: -1), rank: x.rank) }
      return [.tensor(try node.dataType(0, in: .floats), x)]
    },
    OperatorSchema("MeanVarianceNormalization", versions: [9, 13], inputs: 1...1, attributes: ["axes"]) {
      node throws(GraphError) in
      let x = try node.shape(0)
      for axis in try node.ints("axes") ?? [0, 2, 3] {
        if let x { _ = try node.axis(axis, rank: x.rank, attribute: "axes") }
      }
      return [.tensor(try node.dataType(0, in: .floats), x)]
    },
  ]
}

extension NodeContext {
  fileprivate func batchNormalization() throws(GraphError) -> [ValueType] {
    let type = try dataType(0, in: .floats)
    let scale = try dataType(1, in: .floats)
    let statistics = try dataType(3, in: .floats)
    try expectType(scale, of: [2])
    try expectType(statistics, of: [4])
    guard try int("spatial", default: 1) == 1 else {
      throw .unsupported(node: name, operator: node.op, reason: "statistics per position (spatial = 0)")
    }
    if version < 7, try !bool("is_test", default: false) {
      throw .unsupported(node: name, operator: node.op, reason: "a training step (is_test = 0)")
    }
    let training = version >= 14 ? try bool("training_mode", default: false) : node.outputs.count > 1
    guard training || node.outputs.count == 1 else {
      throw invalid("training_mode", expected: "1, as the node has statistics for outputs", found: 0)
    }
    guard let x = try shape(0) else {
      return [.tensor(type, nil)] + Array(repeating: .tensor(statistics, nil), count: 4)
    }
    let channels = x.rank > 1 ? x[1] : 1
    for index in 1...4 { try expectVector(index, size: channels) }
    return [.tensor(type, x)] + Array(repeating: .tensor(statistics, [channels]), count: 4)
  }

  /// Checks that an input, if given, broadcasts to a shape without widening it.
  func expectBroadcast(_ index: Int, to shape: Shape) throws(GraphError) {
    guard hasInput(index), let found = try self.shape(index) else { return }
    let fits =
      found.rank <= shape.rank
      && zip(found.dimensions.reversed(), shape.dimensions.reversed()).allSatisfy { part, whole in
        guard let part = part.size, let whole = whole.size else { return true }
        return part == 1 || part == whole
      }
    guard fits else {
      throw .shapeMismatch(
        node: name, input: "\(index)", expected: "one that broadcasts to \(shape)", found: "\(found)")
    }
  }
}
