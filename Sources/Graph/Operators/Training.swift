extension OperatorSchema {
  /// Steps of optimizers, of the domain `ai.onnx.preview.training`.
  static let training: [OperatorSchema] = [
    optimizer("Adagrad", states: 1, attributes: ["decay_factor", "epsilon", "norm_coefficient"]),
    optimizer(
      "Adam", states: 2, attributes: ["alpha", "beta", "epsilon", "norm_coefficient", "norm_coefficient_post"]),
    optimizer("Momentum", states: 1, attributes: ["alpha", "beta", "mode", "norm_coefficient"]),
  ]

  /// - Parameter states: tensors that the optimizer keeps for each weight, beside weight and gradient.
  private static func optimizer(_ name: String, states: Int, attributes: Set<String>) -> OperatorSchema {
    OperatorSchema(
      name, domain: "ai.onnx.preview.training", versions: [1], inputs: 3...Int.max, outputs: 1...Int.max,
      attributes: attributes
    ) { context throws(GraphError) in
      let count = (context.inputCount - 2) / (states + 2)
      guard count > 0, context.inputCount == 2 + count * (states + 2) else {
        throw .invalidGraph(node: context.name, what: "takes 2 inputs and \(states + 2) for each weight")
      }
      var types: [ValueType] = []
      for index in 2..<context.inputCount {
        _ = try context.dataType(index, in: [.float32, .float64])
        // Outputs are the new weights, then the new states; gradients stand between them.
        if !(2 + count..<2 + 2 * count).contains(index) { types.append(try context.type(index)) }
      }
      return types
    }
  }
}
