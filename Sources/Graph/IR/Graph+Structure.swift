extension Graph {
  /// Proves that the graph is well formed: every value that is used has a name of its own and exactly one writer, writers stand
  /// before readers, subgraphs get what they capture and are well formed too.
  ///
  /// - Throws: `GraphError` naming the first node at fault, or the graph if none is.
  public func checkStructure() throws(GraphError) {
    try checkNames()
    var written: Set<ValueID> = []
    func write(_ value: ValueID, by writer: String) throws(GraphError) {
      guard written.insert(value).inserted else {
        throw .invalidGraph(node: writer, what: "writes value '\(self[value].name)', which has a writer already")
      }
    }
    for input in inputs { try write(input, by: "input '\(self[input].name)'") }
    for capture in captures { try write(capture, by: "capture '\(self[capture].name)'") }
    for value in valueIDs where self[value].constant != nil {
      try write(value, by: "constant '\(self[value].name)'")
    }
    for id in order {
      let node = self[id]
      for value in node.reads where !written.contains(value) {
        throw .undefinedValue(node: node.label, value: self[value].name)
      }
      for case let value? in node.outputs { try write(value, by: node.label) }
      for (key, attribute) in node.attributes {
        for subgraph in attribute.subgraphs {
          guard subgraph.captured.count == subgraph.body.captures.count else {
            throw .invalidAttribute(
              node: node.label, attribute: key, expected: "\(subgraph.body.captures.count) captured values",
              found: "\(subgraph.captured.count)")
          }
          try subgraph.body.checkStructure()
        }
      }
    }
    for (output, name) in zip(outputs, outputNames) where !written.contains(output) {
      throw .undefinedValue(node: "output '\(name)'", value: self[output].name)
    }
  }

  private func checkNames() throws(GraphError) {
    var named: Set<String> = []
    for id in liveValues {
      let value = self[id].name
      guard !value.isEmpty else { throw .invalidGraph(node: "graph '\(name)'", what: "a value has no name") }
      guard named.insert(value).inserted else {
        throw .invalidGraph(node: "graph '\(name)'", what: "two values are named '\(value)'")
      }
    }
  }

  /// The values that something uses: a node that writes or reads them, or the graph's inputs or outputs.
  public var liveValues: [ValueID] {
    let ports = Set(inputs + outputs)
    return valueIDs.filter { producer(of: $0) != nil || !consumers(of: $0).isEmpty || ports.contains($0) }
  }

  /// Values whose links to their writer and readers contradict the nodes; none, unless a method of `Graph` is wrong.
  package var wrongLinks: [ValueID] {
    var producers: [ValueID: NodeID] = [:]
    var consumers: [ValueID: [NodeID]] = [:]
    for id in order {
      for value in self[id].reads { consumers[value, default: []].append(id) }
      for case let value? in self[id].outputs { producers[value] = id }
    }
    return valueIDs.filter { value in
      let found = self.consumers(of: value).sorted { $0.index < $1.index }
      let expected = (consumers[value] ?? []).sorted { $0.index < $1.index }
      return producer(of: value) != producers[value] || found != expected
    }
  }
}
