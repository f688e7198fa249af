extension Graph {
  /// Proves that the graph is well formed: every value has one writer, writers stand before readers, names are unique,
  /// subgraphs are well formed too.
  ///
  /// - Throws: `GraphError` naming the first node at fault.
  public func checkStructure() throws(GraphError) {
    var written = Set(inputs).union(captures)
    var names: [String: ValueID] = [:]
    for id in valueIDs {
      if self[id].constant != nil { written.insert(id) }
      if self[id].name.isEmpty {
        throw .invalidGraph(node: name, what: "a value has no name")
      }
      if let other = names.updateValue(id, forKey: self[id].name), isLive(other), isLive(id) {
        throw .invalidGraph(node: name, what: "two values are named '\(self[id].name)'")
      }
    }
    for id in order {
      let node = self[id]
      for value in node.reads where !written.contains(value) {
        throw .undefinedValue(node: node.name, value: self[value].name)
      }
      for case let value? in node.outputs {
        guard written.insert(value).inserted else {
          throw .invalidGraph(node: node.name, what: "writes value '\(self[value].name)', which has a writer already")
        }
      }
      for subgraph in node.attributes.values.flatMap(\.subgraphs) { try subgraph.body.checkStructure() }
    }
    for (output, name) in zip(outputs, outputNames) where !written.contains(output) {
      throw .undefinedValue(node: "output '\(name)'", value: self[output].name)
    }
  }

  /// Whether anything reads or writes the value.
  public func isLive(_ id: ValueID) -> Bool {
    let value = self[id]
    return value.producer != nil || !value.consumers.isEmpty || outputs.contains(id) || inputs.contains(id)
  }
}
