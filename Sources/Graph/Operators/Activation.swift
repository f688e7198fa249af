extension OperatorSchema {
  /// Functions of one element that neural networks apply between layers.
  static let activation: [OperatorSchema] = [
    OperatorSchema("Relu", versions: [1, 6, 13, 14], inputs: 1...1, attributes: ["consumed_inputs"]) {
      context throws(GraphError) in [try context.type(0)]
    }
  ]
}
