extension OperatorSchema {
  /// Functions that neural networks apply between layers.
  static let activation: [OperatorSchema] = [
    function("Relu", [1, 6, 13, 14], of: .signed),
    function("LeakyRelu", [1, 6, 16], attributes: ["alpha"]),
    function("Elu", [1, 6, 22], attributes: ["alpha"]),
    function("Selu", [1, 6, 22], attributes: ["alpha", "gamma"]),
    function("Celu", [12, 28], attributes: ["alpha"]),
    function("Sigmoid", [1, 6, 13]),
    function("HardSigmoid", [1, 6, 22], attributes: ["alpha", "beta"]),
    function("HardSwish", [14, 22]),
    function("Mish", [18, 22]),
    function("Gelu", [20], attributes: ["approximate"]),
    function("Swish", [24], attributes: ["alpha"]),
    function("Softplus", [1, 22]),
    function("Softsign", [1, 22]),
    function("ThresholdedRelu", [1, 10, 22], attributes: ["alpha"]),
    function("Shrink", [9], of: .numbers, attributes: ["bias", "lambd"]),
    alongAxis("Softmax"),
    alongAxis("LogSoftmax"),
    alongAxis("Hardmax"),
    OperatorSchema(
      "Dropout", versions: [1, 6, 7, 10, 12, 13, 22], inputs: 1...3, outputs: 1...2,
      attributes: ["consumed_inputs", "is_test", "ratio", "seed"], infer: dropout),
  ]

  private static func alongAxis(_ name: String) -> OperatorSchema {
    OperatorSchema(name, versions: [1, 11, 13], inputs: 1...1, attributes: ["axis"]) { context throws(GraphError) in
      if let shape = try context.shape(0) { _ = try context.softmaxAxis(rank: shape.rank) }
      return try context.sameAsInput(in: .floats)
    }
  }

  private static func dropout(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0, in: .floats)
    let shape = try context.shape(0)
    if context.hasInput(1) { _ = try context.dataType(1, in: .floats) }
    if context.hasInput(2) { _ = try context.dataType(2, in: [.bool]) }
    return [.tensor(type, shape), .tensor(context.version < 10 ? type : .bool, shape)]
  }
}

extension NodeContext {
  /// The axis of `Softmax` and its kin, from the front.
  ///
  /// Before version 13 the dimensions from the axis on count as one.
  package func softmaxAxis(rank: Int) throws(GraphError) -> Int {
    let axis = try int("axis", default: version < 13 ? 1 : -1)
    if rank == 0 && (-1...0).contains(axis) { return 0 }
    return try self.axis(axis, rank: rank, inclusive: version < 13 && axis == rank)
  }
}
