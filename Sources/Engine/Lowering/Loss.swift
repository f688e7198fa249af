import Graph

extension Lowering {
  /// Distances between predictions and labels.
  static let loss: [Lowering] = [
    Lowering("NegativeLogLikelihoodLoss", real: LikelihoodLossReference.self),
    Lowering("SoftmaxCrossEntropyLoss", real: CrossEntropyLossReference.self),
  ]
}

/// Minus the log-probability of each label.
enum LikelihoodLossReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    [try loss(node, logarithms: try node.values(0, as: real))]
  }

  /// The loss of log-probabilities [N, C, …], reduced as the node says.
  static func loss<R: RealElement>(_ node: Evaluation, logarithms: [R]) throws(GraphError) -> RuntimeValue {
    let shape = try node.tensor(0).shape
    let labels = try node.values(1, as: Int64.self)
    let weights = try node.optionalValues(2, as: R.self)
    let ignored = node.context.hasAttribute("ignore_index") ? Int64(try node.context.int("ignore_index")) : nil
    let (classes, size) = (shape[1], shape.dropFirst(2).reduce(1, *))
    var losses = [R](repeating: 0, count: labels.count)
    var total: R = 0
    for i in labels.indices where labels[i] != ignored {
      guard labels[i] >= 0, labels[i] < classes else {
        throw node.badValue(1, expected: "classes below \(classes)", found: labels[i])
      }
      let weight = weights?[Int(labels[i])] ?? 1
      losses[i] = -logarithms[(i / size * classes + Int(labels[i])) * size + i % size] * weight
      total += weight
    }
    let type = try node.tensor(0).dataType
    switch try node.context.string("reduction", default: "mean") {
    case "none": return try node.result(losses, shape: try node.tensor(1).shape, type: type)
    case "sum": return try node.result([losses.reduce(0, +)], shape: [], type: type)
    default: return try node.result([losses.reduce(0, +) / total], shape: [], type: type)
    }
  }
}

/// The same from scores, through their log-softmax, which is the second output.
enum CrossEntropyLossReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let (classes, size) = (input.shape[1], input.shape.dropFirst(2).reduce(1, *))
    for outer in 0..<input.shape[0] {
      for inner in 0..<size {
        let first = outer * classes * size + inner
        var greatest = -R.infinity
        for c in 0..<classes { greatest = max(greatest, values[first + c * size]) }
        var sum: R = 0
        for c in 0..<classes { sum += (values[first + c * size] - greatest).exponential }
        let normalizer = greatest + sum.logarithm
        for c in 0..<classes { values[first + c * size] -= normalizer }
      }
    }
    return [
      try LikelihoodLossReference.loss(node, logarithms: values),
      try node.result(values, shape: input.shape, type: input.dataType),
    ]
  }
}
