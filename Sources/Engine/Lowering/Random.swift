import Graph

extension Lowering {
  /// Random tensors: the same at each run if the node has a seed.
  static let random: [Lowering] = [
    random("RandomNormal", normal),
    random("RandomNormalLike", normal),
    random("RandomUniform", uniform),
    random("RandomUniformLike", uniform),
    Lowering("Bernoulli", isDeterministic: false) { node throws(GraphError) in
      let input = try node.tensor(0)
      var source = SeededGenerator(node)
      let probabilities = try (input.converted(to: .float64) ?? input).array(Double.self)
      let drawn = Tensor(shape: input.shape, probabilities.map { source.uniform() < $0 ? 1.0 : 0 })
      return [.tensor(drawn.narrowed(to: try node.context.dataType("dtype", default: input.dataType)))]
    },
    Lowering("Multinomial", isDeterministic: false, evaluate: multinomial),
  ]

  private static func random(
    _ name: String,
    _ draw: @escaping @Sendable (Evaluation, inout SeededGenerator, Int) throws(GraphError) -> [Double]
  ) -> Lowering {
    Lowering(name, isDeterministic: false) { node throws(GraphError) in
      let fallback = node.context.hasInput(0) ? try node.tensor(0).dataType : .float32
      let shape = node.context.hasInput(0) ? try node.tensor(0).shape : try node.context.ints("shape") ?? []
      let count = try node.checkedCount(shape, of: .float64)
      var source = SeededGenerator(node)
      let values = Tensor(shape: shape, try draw(node, &source, count))
      return [.tensor(values.narrowed(to: try node.context.dataType("dtype", default: fallback)))]
    }
  }

  private static func normal(
    _ node: Evaluation, _ source: inout SeededGenerator, _ count: Int
  ) throws(GraphError) -> [Double] {
    let mean = Double(try node.context.float("mean", default: 0))
    let scale = Double(try node.context.float("scale", default: 1))
    var values: [Double] = []
    for _ in 0..<count { values.append(mean + scale * source.normal()) }
    return values
  }

  private static func uniform(
    _ node: Evaluation, _ source: inout SeededGenerator, _ count: Int
  ) throws(GraphError) -> [Double] {
    let low = Double(try node.context.float("low", default: 0))
    let high = Double(try node.context.float("high", default: 1))
    var values: [Double] = []
    for _ in 0..<count { values.append(low + (high - low) * source.uniform()) }
    return values
  }

  /// Draws classes by their logarithmic weights.
  private static func multinomial(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: .int64)
    let (batch, classes) = (input.shape[0], input.shape[1])
    guard classes > 0 || shape.contains(0) else {
      throw .shapeMismatch(node: node.context.name, input: "0", expected: "classes", found: "\(input)")
    }
    let weights = try Softmax.probabilities(of: input, batch: batch, classes: classes)
    var source = SeededGenerator(node)
    var drawn: [Int64] = []
    for row in 0..<batch {
      for _ in 0..<shape[1] {
        var (rest, choice) = (source.uniform(), 0)
        while choice < classes - 1, rest >= weights[row * classes + choice] {
          rest -= weights[row * classes + choice]
          choice += 1
        }
        drawn.append(Int64(choice))
      }
    }
    return [.tensor(Tensor(shape: shape, drawn).narrowed(to: try node.context.dataType("dtype", default: .int32)))]
  }
}

extension Softmax {
  /// Probabilities of classes from their logarithmic weights, row by row.
  static func probabilities(of logits: Tensor, batch: Int, classes: Int) throws(GraphError) -> [Double] {
    let wide = logits.converted(to: .float64) ?? logits
    let result = try wide.borrow(Double.self) { x throws(GraphError) in
      Tensor(shape: logits.shape, of: Double.self) { y in
        for row in 0..<batch {
          Softmax(isLogarithmic: false).line(x, &y, start: row * classes, step: 1, count: classes)
        }
      }
    }
    return try result.array(Double.self)
  }
}
