import Graph

extension Graph {
  /// The operators, in subgraphs too, that are not built in; each once, in the order of the nodes.
  public var unsupportedOperators: [OperatorID] {
    var found: [OperatorID] = []
    for id in order {
      let node = self[id]
      let schema = try? OperatorRegistry.standard.schema(for: node.op, node: node.name)
      let lowering = try? LoweringRegistry.standard.lowering(for: node)
      if schema == nil || lowering == nil, !found.contains(node.op) { found.append(node.op) }
      for subgraph in node.attributes.values.flatMap(\.subgraphs) {
        for op in subgraph.body.unsupportedOperators where !found.contains(op) { found.append(op) }
      }
    }
    return found
  }
}
