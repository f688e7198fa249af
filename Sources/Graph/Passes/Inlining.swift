extension Graph {
  /// Puts the nodes of a subgraph in the place of the node that would run it.
  ///
  /// Values of the body get fresh names that start with the node's; the node's outputs become the body's outputs.
  ///
  /// - Parameters:
  ///   - subgraph: has at least as many outputs as the node.
  ///   - id: a node of this graph, which is removed.
  ///   - arguments: values of this graph for the body's inputs, in order.
  public mutating func inline(_ subgraph: Subgraph, inPlaceOf id: NodeID, arguments: [ValueID] = []) {
    let body = subgraph.body
    let node = self[id]
    precondition(arguments.count == body.inputs.count && body.outputs.count >= node.outputs.count)
    let prefix = node.label
    var moved: [ValueID: ValueID] = [:]
    for (inner, outer) in zip(body.inputs + body.captures, arguments + subgraph.captured) { moved[inner] = outer }

    func name(_ value: ValueID) -> String { freshName("\(prefix)/\(body[value].name)") }
    func value(_ inner: ValueID) -> ValueID {
      if let known = moved[inner] { return known }
      let outer =
        body[inner].constant.map { addConstant(name: name(inner), $0) }
        ?? addValue(name: name(inner), type: body[inner].type)
      moved[inner] = outer
      return outer
    }
    for innerID in body.order {
      var copy = body[innerID]
      copy.name = copy.name.isEmpty ? "" : "\(prefix)/\(copy.name)"
      copy.replaceReads(value)
      copy.outputs = copy.outputs.map { $0.map(value) }
      append(copy, before: id)
    }
    for (old, inner) in zip(node.outputs, body.outputs) {
      if let old { replaceUses(of: old, with: value(inner)) }
    }
    remove(id)
  }
}
