import Graph

/// Puts the branch that an `If` takes in its place where the condition is known when the plan is made.
///
/// PyTorch's exporter writes such conditions about shapes, which are all known by then.
struct ConditionInlining {
  /// Inlines every such branch at the top level.
  ///
  /// - Returns: whether there was one; types must then be inferred again.
  static func run(on graph: inout Graph) -> Bool {
    var changed = false
    for id in graph.order {
      let node = graph[id]
      guard node.op.domain.isEmpty, node.op.name == "If",
        let condition = node.inputs[0].flatMap({ graph[$0].constant?.integers?.first }),
        case .graph(let branch)? = node.attributes[condition != 0 ? "then_branch" : "else_branch"]
      else { continue }
      graph.inline(branch, inPlaceOf: id)
      changed = true
    }
    return changed
  }
}
