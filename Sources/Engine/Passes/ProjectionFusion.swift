import Graph

/// Computes the projections of one value that go into attention in one step.
///
/// `x·Wq + bq`, `x·Wk + bk` and `x·Wv + bv` become one `FusedProjections` with three outputs, which reads x once; where only two
/// of them read the same value, as in attention to another sequence, those two. The weights stay constants of their own. A bias
/// that another node computes stays where it is: the step stands in the first projection's place, perhaps before that node.
struct ProjectionFusion: GraphPass {
  /// What projections of one step have in common.
  private struct Source: Hashable {
    let value: ValueID
    let areWeightsTransposed: Bool
  }

  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.isInternal(id, "FusedAttention") {
      var projections: [Source: [NodeID]] = [:]
      for operand in graph[id].inputs.prefix(3) {
        guard let (projection, source) = Self.projection(behind: operand, in: graph),
          projections[source]?.contains(projection) != true
        else { continue }
        projections[source, default: []].append(projection)
      }
      for (source, group) in projections where group.count > 1 { Self.fuse(group, of: source, in: &graph) }
    }
  }

  /// The product with constant weights, and a constant bias or none, that an operand of attention is another view of.
  private static func projection(behind operand: ValueID?, in graph: Graph) -> (NodeID, Source)? {
    var value = operand
    while let id = value.flatMap(graph.producer), graph[id].op.domain.isEmpty,
      ["Reshape", "Squeeze", "Transpose", "Unsqueeze"].contains(graph[id].op.name)
    {
      value = graph[id].inputs[0]
    }
    guard let id = value.flatMap(graph.producer), graph.isInternal(id, "FusedMatMul") else { return nil }
    let node = graph[id]
    guard let source = node.inputs[0], let weights = node.inputs[1], graph[weights].constant != nil,
      graph.sizes(of: weights)?.count == 2, node.inputs.dropFirst(2).prefix(1).allSatisfy({ graph.isConstant($0) }),
      node.inputs.dropFirst(3).allSatisfy({ $0 == nil }), node.int("transA") != 1, node.attributes["activation"] == nil
    else { return nil }
    return (id, Source(value: source, areWeightsTransposed: node.int("transB") == 1))
  }

  /// Puts one node in the place of the first.
  private static func fuse(_ projections: [NodeID], of source: Source, in graph: inout Graph) {
    let nodes = projections.map { graph[$0] }
    guard let first = graph.order.first(where: projections.contains) else { return }
    let name = graph[first].name
    graph.remove(Set(projections).subtracting([first]))
    graph.replace(
      first,
      with: Node(
        OperatorID("FusedProjections", domain: OperatorID.internalDomain, version: 1), name: name,
        inputs: [source.value] + nodes.flatMap { [$0.inputs[1], $0.inputs.count > 2 ? $0.inputs[2] : nil] },
        outputs: nodes.map { $0.outputs[0] }, attributes: ["transB": .int(source.areWeightsTransposed ? 1 : 0)]))
  }
}

extension Graph {
  /// Whether a value is constant, or left out.
  fileprivate func isConstant(_ value: ValueID?) -> Bool { value.map { self[$0].constant != nil } ?? true }

  /// Whether a node is this operator that passes made.
  fileprivate func isInternal(_ id: NodeID, _ name: String) -> Bool {
    contains(id) && self[id].op.domain == OperatorID.internalDomain && self[id].op.name == name
  }
}
