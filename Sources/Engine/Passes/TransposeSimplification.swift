import Graph

/// Merges transposes that follow each other, and writes a transpose between reshapes as one where it is one.
///
/// PyTorch's exporter spells the transposed keys of attention as `Reshape [-1, s, d] → Transpose [0, 2, 1] → Reshape
/// [b, h, d, s]`; that is `Transpose [0, 1, 3, 2]`, which the attention pattern and the matrix products understand.
struct TransposeSimplification: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.contains(id) {
      guard graph[id].op.domain.isEmpty else { continue }
      switch graph[id].op.name {
      case "Transpose": merge(id, in: &graph)
      case "Reshape":
        unfold(id, in: &graph)
        if graph[id].op.name == "Transpose" { merge(id, in: &graph) }
      default: break
      }
    }
  }

  private func permutation(_ node: Node, rank: Int) -> [Int] { node.ints("perm") ?? Array((0..<rank).reversed()) }

  private func merge(_ id: NodeID, in graph: inout Graph) {
    guard let input = graph[id].inputs[0], let rank = graph[input].type?.shape?.rank,
      let first = graph.producer(of: input, "Transpose"), let source = first.node.inputs[0]
    else { return }
    let (inner, outer) = (permutation(first.node, rank: rank), permutation(graph[id], rank: rank))
    guard inner.count == rank, outer.count == rank else { return }
    graph.update(id) { node in
      node.inputs[0] = source
      node.attributes["perm"] = .ints(outer.map { inner[$0] })
    }
  }

  /// Reshape(Transpose(Reshape(x))) that only merges leading dimensions, swaps the last two, and splits again.
  private func unfold(_ id: NodeID, in graph: inout Graph) {
    guard let output = graph[id].outputs[0], let out = graph.sizes(of: output),
      let transpose = graph.privateProducer(of: graph[id].inputs[0], "Transpose"),
      transpose.node.ints("perm") == [0, 2, 1],
      let inner = graph.privateProducer(of: transpose.node.inputs[0], "Reshape"),
      let source = inner.node.inputs[0], let sizes = graph.sizes(of: source),
      let folded = graph.sizes(of: transpose.node.inputs[0]), sizes.count > 2, sizes.count == out.count,
      Array(sizes.suffix(2)) == Array(folded.suffix(2)), Array(sizes.dropLast(2)) == Array(out.dropLast(2)),
      Array(out.suffix(2)) == sizes.suffix(2).reversed()
    else { return }
    let rank = sizes.count
    let swapped = Array(0..<rank - 2) + [rank - 1, rank - 2]
    graph.replace(
      id,
      with: Node(
        transpose.node.op, name: transpose.node.name, inputs: [source], outputs: [output],
        attributes: ["perm": .ints(swapped)]))
  }
}
