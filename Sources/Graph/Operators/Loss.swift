extension OperatorSchema {
  /// Distances between predictions and labels.
  static let loss: [OperatorSchema] = [
    OperatorSchema(
      "NegativeLogLikelihoodLoss", versions: [12, 13, 22], inputs: 2...3, attributes: ["ignore_index", "reduction"]
    ) { node throws(GraphError) in [try node.labelLoss()] },
    OperatorSchema(
      "SoftmaxCrossEntropyLoss", versions: [12, 13], inputs: 2...3, outputs: 1...2,
      attributes: ["ignore_index", "reduction"]
    ) { node throws(GraphError) in [try node.labelLoss(), .tensor(try node.dataType(0), try node.shape(0))] },
  ]
}

extension NodeContext {
  /// A loss of scores [N, C, …] against class numbers [N, …]: one for each label, or their mean or sum.
  fileprivate func labelLoss() throws(GraphError) -> ValueType {
    let type = try dataType(0, in: .floats)
    _ = try dataType(1, in: [.int32, .int64])
    try expectType(type, of: [2])
    let reduction = try string("reduction", default: "mean")
    guard ["none", "mean", "sum"].contains(reduction) else {
      throw invalid("reduction", expected: "none, mean or sum", found: reduction)
    }
    let labels = try shape(1)
    if let scores = try shape(0) {
      guard scores.rank >= 2, labels.map({ $0.rank == scores.rank - 1 }) ?? true else {
        throw .shapeMismatch(
          node: name, input: "1", expected: "the axes of \(scores) without the second",
          found: labels?.description ?? "?")
      }
      for (axis, found) in (labels?.dimensions ?? []).enumerated() {
        if let expected = scores[axis == 0 ? 0 : axis + 1].size, let found = found.size, expected != found {
          throw .shapeMismatch(
            node: name, input: "1", expected: "the axes of \(scores) without the second",
            found: labels?.description ?? "?")
        }
      }
      try expectVector(2, size: scores[1])
    }
    return .tensor(type, reduction == "none" ? labels : [])
  }
}
