import Graph

/// Removes nodes that give their input unchanged: identities, and reshapes, transposes, casts, expansions, slices and
/// additions of zero that exporters leave behind.
struct NoOpElimination: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order {
      let node = graph[id]
      guard node.op.domain.isEmpty, let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil,
        node.outputs.dropFirst().allSatisfy({
          $0.map { graph.consumers(of: $0).isEmpty && !graph.isOutput($0) } ?? true
        })
      else { continue }
      if let source = Self.unchangedInput(of: node, input: input, output: output, in: graph) {
        graph.replaceUses(of: output, with: source)
      }
    }
  }

  /// The input whose elements and type the first output has, if that is certain.
  private static func unchangedInput(of node: Node, input: ValueID, output: ValueID, in graph: Graph) -> ValueID? {
    switch node.op.name {
    case "Identity": return input
    case "Dropout": return node.op.version < 12 || node.inputs.count < 3 ? input : nil
    case "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast", "CastLike", "Expand", "Tile", "Slice", "Concat",
      "Sum", "Max", "Min", "Mean":
      let single: Set = ["Concat", "Sum", "Max", "Min", "Mean"]
      guard graph.sameType(input, output), !single.contains(node.op.name) || node.inputs.count == 1 else { return nil }
      return node.op.name == "Slice" && !keepsOrder(node, in: graph) ? nil : input
    case "Transpose":
      return node.ints("perm").map { $0 == Array($0.indices) } == true ? input : nil
    case "Add", "Sub": return neutral(0, commutes: node.op.name == "Add", node, output, in: graph)
    case "Mul", "Div": return neutral(1, commutes: node.op.name == "Mul", node, output, in: graph)
    default: return nil
    }
  }

  /// A slice that keeps all sizes may still reverse an axis.
  private static func keepsOrder(_ node: Node, in graph: Graph) -> Bool {
    guard node.inputs.count > 4, let steps = node.inputs[4] else { return true }
    return graph[steps].constant?.integers?.allSatisfy { $0 > 0 } ?? false
  }

  /// x + 0 and x · 1, but not where -0 + 0 could tell the difference: a zero that is added must be -0, or +0 subtracted.
  private static func neutral(
    _ number: Float, commutes: Bool, _ node: Node, _ output: ValueID, in graph: Graph
  ) -> ValueID? {
    guard let a = node.inputs[0], let b = node.inputs[1] else { return nil }
    func isNeutral(_ value: ValueID) -> Bool {
      guard let scalar = graph.scalar(value), scalar == number else { return false }
      return number != 0 || (scalar.sign == .minus) == (node.op.name == "Add")
    }
    if isNeutral(b), graph.sameType(a, output) { return a }
    if commutes, isNeutral(a), graph.sameType(b, output) { return b }
    return nil
  }
}
