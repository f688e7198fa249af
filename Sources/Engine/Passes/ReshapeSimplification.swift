import Graph

/// Writes as one `Reshape` what gives the elements of its input in their order: reshapes of reshapes, and gathers whose constant
/// indices count all elements through, as exporters look masks up.
///
///     Gather(Reshape(mask, [batch · tokens]), [[0, 1, 2, …]])  →  Reshape(mask, …)
struct ReshapeSimplification: GraphPass {
  private static let views: Set = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]

  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order {
      let node = graph[id]
      guard node.op.domain.isEmpty, let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil,
        let sizes = graph.sizes(of: output), sizes.allSatisfy({ $0 > 0 }), graph[input].constant == nil
      else { continue }
      let source = Self.views.contains(node.op.name) ? viewed(input, in: graph) : nil
      guard source != nil || keepsOrder(node, of: input, in: graph) else { continue }
      let shape = graph.addConstant(
        name: graph.freshName(graph[output].name + "_shape"), Tensor(shape: [sizes.count], sizes.map(Int64.init)))
      graph.replace(
        id,
        with: Node(
          OperatorID("Reshape", version: 13), name: node.name,
          inputs: [source ?? viewed(input, in: graph) ?? input, shape],
          outputs: [output]))
    }
  }

  /// What a value is a view of, if a node did nothing but give it another shape.
  private func viewed(_ value: ValueID, in graph: Graph) -> ValueID? {
    guard let id = graph.producer(of: value), graph[id].op.domain.isEmpty, Self.views.contains(graph[id].op.name) else {
      return nil
    }
    return graph[id].inputs[0]
  }

  private func keepsOrder(_ node: Node, of data: ValueID, in graph: Graph) -> Bool {
    guard ["Gather", "GatherND"].contains(node.op.name), let sizes = graph.sizes(of: data), node.inputs.count == 2,
      let indices = node.inputs[1].flatMap({ graph[$0].constant }), let numbers = indices.integers
    else { return false }
    if node.op.name == "Gather" {
      return node.int("axis") ?? 0 == 0 && sizes.first == numbers.count && numbers == Array(numbers.indices)
    }
    guard node.int("batch_dims") ?? 0 == 0, let length = indices.shape.last, length >= 1, length <= sizes.count else {
      return false
    }
    let indexed = sizes[..<length]
    guard numbers.count % length == 0, numbers.count / length == indexed.reduce(1, *) else { return false }
    return numbers.indices.allSatisfy { i in
      let below = indexed[(i % length + 1)...].reduce(1, *)
      return numbers[i] == i / length / below % indexed[i % length]
    }
  }
}
