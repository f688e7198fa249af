import Graph

/// Decision trees, whose leaves vote on targets.
///
/// ONNX, ai.onnx.ml TreeEnsemble-5.
struct TreeEnsemble {
  /// One decision.
  private struct Split {
    let mode: UInt8
    let threshold: Double
    let members: Set<Double>
    let feature: Int
    let missingTracksTrue: Bool
    let whenTrue: (index: Int, isLeaf: Bool)
    let whenFalse: (index: Int, isLeaf: Bool)

    func holds(_ x: Double) -> Bool {
      if x.isNaN { return missingTracksTrue || mode == 5 }
      return switch mode {
      case 0: x <= threshold
      case 1: x < threshold
      case 2: x >= threshold
      case 3: x > threshold
      case 4: x == threshold
      case 5: x != threshold
      default: members.contains(x)
      }
    }
  }

  private let splits: [Split]
  private let weights: [Double]
  private let targets: [Int]
  private let roots: [(index: Int, isLeaf: Bool)]

  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: .float64)
    let wide = input.converted(to: .float64) ?? input
    let ensemble = try TreeEnsemble(node, features: input.shape[1], targetCount: shape[1])
    let scores = try ensemble.scores(
      try wide.array(Double.self), rows: shape[0], features: input.shape[1], targetCount: shape[1], node)
    return [.tensor(Tensor(shape: shape, scores).narrowed(to: input.dataType))]
  }

  private init(_ node: Evaluation, features: Int, targetCount: Int) throws(GraphError) {
    func integers(_ key: String) throws(GraphError) -> [Int] { try node.context.ints(key) ?? [] }
    func numbers(_ key: String) throws(GraphError) -> [Double] {
      guard let tensor = try node.context.tensor(key) else { return [] }
      return try (tensor.converted(to: .float64) ?? tensor).array(Double.self)
    }
    let modes = try node.context.tensor("nodes_modes")?.elements(UInt8.self) ?? []
    let thresholds = try numbers("nodes_splits")
    let featureIDs = try integers("nodes_featureids")
    let (trueIDs, falseIDs) = (try integers("nodes_truenodeids"), try integers("nodes_falsenodeids"))
    let (trueLeaves, falseLeaves) = (try integers("nodes_trueleafs"), try integers("nodes_falseleafs"))
    let missing = try integers("nodes_missing_value_tracks_true")
    let lists = [
      thresholds.count, featureIDs.count, trueIDs.count, falseIDs.count, trueLeaves.count, falseLeaves.count,
    ]
    weights = try numbers("leaf_weights")
    targets = try integers("leaf_targetids")
    let (leafCount, splitCount) = (weights.count, modes.count)
    func isValid(_ id: Int, _ leaf: Int) -> Bool { (0..<(leaf == 0 ? splitCount : leafCount)).contains(id) }
    guard lists.allSatisfy({ $0 == splitCount }), targets.count == leafCount,
      featureIDs.allSatisfy((0..<features).contains), targets.allSatisfy((0..<targetCount).contains),
      zip(trueIDs, trueLeaves).allSatisfy(isValid), zip(falseIDs, falseLeaves).allSatisfy(isValid),
      modes.allSatisfy({ $0 <= 6 })
    else {
      throw .invalidGraph(node: node.context.name, what: "its trees point beyond their nodes, leaves or features")
    }
    var sets = try numbers("membership_values").split(whereSeparator: \.isNaN).makeIterator()
    splits = modes.indices.map { place in
      Split(
        mode: modes[place], threshold: thresholds[place],
        members: modes[place] == 6 ? Set(sets.next() ?? []) : [], feature: featureIDs[place],
        missingTracksTrue: place < missing.count && missing[place] != 0,
        whenTrue: (trueIDs[place], trueLeaves[place] != 0), whenFalse: (falseIDs[place], falseLeaves[place] != 0))
    }
    let roots = try integers("tree_roots")
    guard roots.allSatisfy((0..<splitCount).contains) else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "tree_roots", expected: "nodes below \(splitCount)", found: "\(roots)")
    }
    // A tree of one leaf is written as a node both of whose branches are that leaf.
    self.roots = roots.map { root in
      let isLeaf = trueLeaves[root] != 0 && falseLeaves[root] != 0 && trueIDs[root] == falseIDs[root]
      return isLeaf ? (trueIDs[root], true) : (root, false)
    }
  }

  private func scores(
    _ x: [Double], rows: Int, features: Int, targetCount: Int, _ node: Evaluation
  ) throws(GraphError) -> [Double] {
    let aggregate = try node.context.int("aggregate_function", default: 1)
    guard (0...3).contains(aggregate) else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "aggregate_function", expected: "0 to 3", found: "\(aggregate)")
    }
    guard try node.context.int("post_transform", default: 0) == 0 else {
      throw .unsupported(node: node.context.name, operator: node.context.node.op, reason: "transforms of the scores")
    }
    let start = aggregate == 2 ? Double.infinity : aggregate == 3 ? -.infinity : 0
    var result = [Double](repeating: start, count: rows * targetCount)
    for row in 0..<rows {
      for root in roots {
        let leaf = try leaf(from: root, x, row * features, node)
        let place = row * targetCount + targets[leaf]
        switch aggregate {
        case 0: result[place] += weights[leaf] / Double(roots.count)
        case 1: result[place] += weights[leaf]
        case 2: result[place] = min(result[place], weights[leaf])
        default: result[place] = max(result[place], weights[leaf])
        }
      }
    }
    return result
  }

  private func leaf(
    from root: (index: Int, isLeaf: Bool), _ x: [Double], _ start: Int, _ node: Evaluation
  ) throws(GraphError) -> Int {
    var place = root
    for _ in 0...splits.count {
      if place.isLeaf { return place.index }
      let split = splits[place.index]
      place = split.holds(x[start + split.feature]) ? split.whenTrue : split.whenFalse
    }
    throw .invalidGraph(node: node.context.name, what: "a tree leads back to itself")
  }
}
