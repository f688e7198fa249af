import Graph

/// Lets a convolution take over the batch normalization behind it.
///
/// With per-channel `s = scale / sqrt(variance + epsilon)`: `W' = W · s`, `b' = (b - mean) · s + B`. The new bias is a constant; the
/// weights stay as they are, with `s` beside them, and are multiplied when they are packed. Needs no shapes but those of the
/// constants, so it runs once for all plans of a model, whose packed weights are then shared.
struct BatchNormFolding: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.contains(id) {
      let norm = graph[id]
      guard norm.op.domain.isEmpty, norm.op.name == "BatchNormalization", norm.inputs.count == 5,
        norm.int("training_mode") ?? 0 == 0, norm.outputs.dropFirst().allSatisfy({ $0 == nil }),
        let output = norm.outputs[0], let conv = graph.privateProducer(of: norm.inputs[0], "Conv"),
        let weights = conv.node.inputs[1], graph[weights].constant != nil, graph.isFloat(weights),
        let channels = graph.sizes(of: weights)?.first, channels > 0,
        let scale = graph.floats(norm.inputs[1]), let shift = graph.floats(norm.inputs[2]),
        let mean = graph.floats(norm.inputs[3]), let variance = graph.floats(norm.inputs[4]),
        [scale, shift, mean, variance].allSatisfy({ $0.count == channels })
      else { continue }
      let biasInput = conv.node.inputs.count > 2 ? conv.node.inputs[2] : nil
      let bias: [Float]
      if let biasInput {
        guard let known = graph.floats(biasInput), known.count == channels else { continue }
        bias = known
      } else {
        bias = Array(repeating: 0, count: channels)
      }
      let epsilon = norm.float("epsilon") ?? 1e-5
      let factor = (0..<channels).map { scale[$0] / (variance[$0] + epsilon).squareRoot() }
      let foldedBias = (0..<channels).map { (bias[$0] - mean[$0]) * factor[$0] + shift[$0] }
      let name = norm.name.isEmpty ? graph[output].name : norm.name
      let b = graph.addConstant(name: graph.freshName(name + "_folded_bias"), Tensor(shape: [channels], foldedBias))
      let s = graph.addConstant(name: graph.freshName(name + "_folded_scale"), Tensor(shape: [channels], factor))
      graph.replace(
        id,
        with: Node(
          OperatorID("FusedConv", domain: OperatorID.internalDomain, version: 1), name: conv.node.name,
          inputs: [conv.node.inputs[0], weights, b, nil, s], outputs: [output], attributes: conv.node.attributes))
    }
  }
}

extension Graph {
  /// The 32-bit floats that a constant holds.
  func floats(_ value: ValueID?) -> [Float]? { value.flatMap { self[$0].constant?.elements(Float.self) } }
}
