import Graph

extension Lowering {
  /// Functions that neural networks apply between layers.
  static let activation: [Lowering] = [
    numeric("Relu", Ramp()).lowered(by: UnaryKernel.lower(.activation(.relu))),
    activation("LeakyRelu") { context throws(GraphError) in LeakyRelu(alpha: try context.float("alpha", default: 0.01))
    }.lowered(
      by: UnaryKernel.lower { context throws(GraphError) in
        .activation(.leakyRelu(alpha: try context.float("alpha", default: 0.01)))
      }),
    activation("Elu") { context throws(GraphError) in Elu(alpha: try context.float("alpha", default: 1)) }.lowered(
      by: UnaryKernel.lower { context throws(GraphError) in .elu(alpha: try context.float("alpha", default: 1)) }),
    activation("Selu") { context throws(GraphError) in
      Selu(
        alpha: try context.float("alpha", default: 1.673_263_2), gamma: try context.float("gamma", default: 1.050_701))
    },
    activation("Celu") { context throws(GraphError) in Celu(alpha: try context.float("alpha", default: 1)) },
    activation("Sigmoid") { _ throws(GraphError) in Sigmoid() }.lowered(by: UnaryKernel.lower(.activation(.sigmoid))),
    activation("HardSigmoid") { context throws(GraphError) in
      HardSigmoid(alpha: try context.float("alpha", default: 0.2), beta: try context.float("beta", default: 0.5))
    }.lowered(
      by: UnaryKernel.lower { context throws(GraphError) in
        .activation(
          .hardSigmoid(alpha: try context.float("alpha", default: 0.2), beta: try context.float("beta", default: 0.5)))
      }),
    activation("HardSwish") { _ throws(GraphError) in HardSwish() }.lowered(
      by: UnaryKernel.lower(.activation(.hardSwish))),
    activation("Mish") { _ throws(GraphError) in Mish() }.lowered(by: UnaryKernel.lower(.mish)),
    Lowering("Gelu", evaluate: gelu).lowered(by: UnaryKernel.gelu).flowing(.elementwise),
    activation("Swish") { context throws(GraphError) in Swish(alpha: try context.float("alpha", default: 1)) }.lowered(
      by: UnaryKernel.lower { context throws(GraphError) in
        try context.float("alpha", default: 1) == 1 ? .activation(.silu) : nil
      }),
    activation("Softplus") { _ throws(GraphError) in Softplus() }.lowered(by: UnaryKernel.lower(.softplus)),
    activation("Softsign") { _ throws(GraphError) in Softsign() }.lowered(by: UnaryKernel.lower(.softsign)),
    activation("ThresholdedRelu") { context throws(GraphError) in
      ThresholdedRelu(alpha: try context.float("alpha", default: 1))
    },
    Lowering("Shrink", evaluate: shrink).flowing(.elementwise),
    Lowering("Softmax") { node throws(GraphError) in try node.alongAxis(Softmax(isLogarithmic: false)) }.lowered(
      by: NormalizationKernel.softmax(logarithm: false)
    ).flowing(.softmax),
    Lowering("LogSoftmax") { node throws(GraphError) in try node.alongAxis(Softmax(isLogarithmic: true)) }.lowered(
      by: NormalizationKernel.softmax(logarithm: true)
    ).flowing(.softmax),
    Lowering("Hardmax") { node throws(GraphError) in try node.alongAxis(Hardmax()) }.flowing(.softmax),
    Lowering("Dropout", isDeterministic: false, evaluate: Dropout.evaluate),
  ]

  private static func activation<Function: RealFunction>(
    _ name: String, _ function: @escaping @Sendable (NodeContext) throws(GraphError) -> Function
  ) -> Lowering {
    Lowering(name) { node throws(GraphError) in
      [.tensor(try node.tensor(0).applying(real: try function(node.context), in: node))]
    }.flowing(.elementwise)
  }

  private static func gelu(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    switch try node.context.string("approximate", default: "none") {
    case "none": return [.tensor(try input.applying(real: Gelu(), in: node))]
    case "tanh": return [.tensor(try input.applying(real: GeluByTanh(), in: node))]
    case let other:
      throw .invalidAttribute(
        node: node.context.name, attribute: "approximate", expected: "none or tanh", found: other)
    }
  }

  private static func shrink(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let function = Shrink(
      lambda: try node.context.float("lambd", default: 0.5), bias: try node.context.float("bias", default: 0))
    guard input.dataType.isInteger else { return [.tensor(try input.applying(real: function, in: node))] }
    let real = input.converted(to: .float64) ?? input
    return [.tensor(try real.applying(real: function, in: node).narrowed(to: input.dataType))]
  }
}
