import Graph

extension Graph {
  /// Checks that no `Loop`, in subgraphs too, is one that cannot end: without a limit, its condition true at first and in
  /// every iteration.
  ///
  /// ONNX allows them; a request that never returns helps nobody.
  func checkLoopsEnd() throws(GraphError) {
    for id in order {
      let node = self[id]
      let subgraphs = node.attributes.values.flatMap(\.subgraphs)
      if node.op.domain.isEmpty, node.op.name == "Loop", let body = subgraphs.first?.body,
        !hasLimit(node), isConstantlyTrue(node.inputs.count > 1 ? node.inputs[1] : nil), body.keepsCondition()
      {
        throw .invalidGraph(
          node: node.name,
          what: "a loop that never ends: it has no trip count, and its condition is always true; give it either")
      }
      for subgraph in subgraphs { try subgraph.body.checkLoopsEnd() }
    }
  }

  /// Whether a loop has a trip count that running it could reach.
  private func hasLimit(_ loop: Node) -> Bool {
    guard let input = loop.inputs.first ?? nil else { return false }
    return knownInteger(input).map { $0 < Int.max } ?? true
  }

  /// Whether a loop's condition is left out, or known to be true.
  private func isConstantlyTrue(_ condition: ValueID?) -> Bool {
    condition.map { knownInteger($0) == 1 } ?? true
  }

  /// Whether a loop's body gives true, or the condition that it was given.
  private func keepsCondition() -> Bool {
    guard var condition = outputs.first else { return false }
    while let writer = producer(of: condition), self[writer].op.name == "Identity", self[writer].op.domain.isEmpty,
      let source = self[writer].inputs.first ?? nil
    {
      condition = source
    }
    return inputs.count > 1 && condition == inputs[1] || knownInteger(condition) == 1
  }

  /// The whole number or truth value of a constant, or of a node that makes one.
  private func knownInteger(_ value: ValueID) -> Int? {
    if let constant = self[value].constant { return constant.integers?.first }
    guard let writer = producer(of: value), self[writer].op.name == "Constant",
      case .tensor(let tensor)? = self[writer].attributes["value"]
    else { return nil }
    return tensor.integers?.first
  }
}
