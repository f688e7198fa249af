import Graph

extension Lowering {
  /// Steps of optimizers, of the domain `ai.onnx.preview.training`.
  static let training: [Lowering] = [
    optimizer("Adagrad", states: 1) { node throws(GraphError) in
      let decay = Double(try node.context.float("decay_factor", default: 0))
      let epsilon = Double(try node.context.float("epsilon", default: 1e-6))
      return { step in
        let rate = step.rate / (1 + step.count * decay)
        let sum = step.states[0] + step.gradient * step.gradient
        return [step.weight - rate * step.gradient / (sum.squareRoot() + epsilon), sum]
      }
    },
    optimizer("Adam", states: 2) { node throws(GraphError) in
      let alpha = Double(try node.context.float("alpha", default: 0.9))
      let beta = Double(try node.context.float("beta", default: 0.999))
      let epsilon = Double(try node.context.float("epsilon", default: 1e-6))
      let shrinking = 1 - Double(try node.context.float("norm_coefficient_post", default: 0))
      return { step in
        let mean = alpha * step.states[0] + (1 - alpha) * step.gradient
        let square = beta * step.states[1] + (1 - beta) * step.gradient * step.gradient
        let correction =
          step.count > 0 ? (1 - beta.power(step.count)).squareRoot() / (1 - alpha.power(step.count)) : 1
        let weight = step.weight - step.rate * correction * mean / (square.squareRoot() + epsilon)
        return [shrinking * weight, mean, square]
      }
    },
    optimizer("Momentum", states: 1) { node throws(GraphError) in
      let (alpha, beta) = (Double(try node.context.float("alpha")), Double(try node.context.float("beta")))
      let isNesterov = try node.context.string("mode") == "nesterov"
      return { step in
        let velocity = alpha * step.states[0] + (step.count > 0 ? beta : 1) * step.gradient
        let direction = isNesterov ? step.gradient + alpha * velocity : velocity
        return [step.weight - step.rate * direction, velocity]
      }
    },
  ]

  /// What an optimizer sees of one number.
  private struct OptimizerStep {
    /// The learning rate.
    let rate: Double
    /// Steps made before.
    let count: Double
    let weight: Double
    /// With the gradient of the regularization.
    let gradient: Double
    let states: [Double]
  }

  /// - Parameter update: gives the new weight, then the new states.
  private static func optimizer(
    _ name: String, states stateCount: Int,
    update: @escaping @Sendable (Evaluation) throws(GraphError) -> @Sendable (OptimizerStep) -> [Double]
  ) -> Lowering {
    Lowering(name, domain: "ai.onnx.preview.training") { node throws(GraphError) in
      let count = (node.inputs.count - 2) / (stateCount + 2)
      let step = try update(node)
      guard let rate = try node.doubles(0).first, let steps = try node.doubles(1).first else {
        throw node.invalid(0, expected: "a rate and a number of steps", found: "nothing")
      }
      let regularization = Double(try node.context.float("norm_coefficient", default: 0))
      var results = [RuntimeValue](repeating: .none, count: count * (stateCount + 1))
      for place in 0..<count {
        let weight = try node.tensor(2 + place)
        let weights = try node.doubles(2 + place)
        let gradients = try node.doubles(2 + count + place)
        var states: [[Double]] = []
        for state in 0..<stateCount { states.append(try node.doubles(2 + (2 + state) * count + place)) }
        guard ([gradients] + states).allSatisfy({ $0.count == weights.count }) else {
          throw .shapeMismatch(
            node: node.context.name, input: "\(2 + count + place)", expected: "\(weight)", found: "\(gradients.count)")
        }
        let updated = weights.indices.map { index in
          step(
            OptimizerStep(
              rate: rate, count: steps, weight: weights[index],
              gradient: regularization * weights[index] + gradients[index], states: states.map { $0[index] }))
        }
        for output in 0...stateCount {
          let tensor = Tensor(shape: weight.shape, updated.map { $0[output] })
          results[output * count + place] = .tensor(tensor.narrowed(to: weight.dataType))
        }
      }
      return results
    }
  }
}

extension Evaluation {
  fileprivate func doubles(_ index: Int) throws(GraphError) -> [Double] {
    let tensor = try tensor(index)
    return try (tensor.converted(to: .float64) ?? tensor).array(Double.self)
  }
}
