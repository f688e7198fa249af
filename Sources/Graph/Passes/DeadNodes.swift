extension Graph {
  /// Removes nodes whose results nothing uses.
  public mutating func removeDeadNodes() {
    var dead: Set<NodeID> = []
    let outputs = Set(outputs)
    for id in order.reversed() {
      let used = self[id].outputs.contains { output in
        guard let output else { return false }
        return outputs.contains(output) || consumers(of: output).contains { !dead.contains($0) }
      }
      if !used { dead.insert(id) }
    }
    remove(dead)
  }
}
