import Graph

/// Finds scaled dot-product attention that exporters spell out, and computes it in one step that keeps no matrix of scores.
///
///     scores = MatMul(q, transposed k)     scaled by numbers before or after the product
///     p = Softmax(scores + mask)           optionally zero where it is NaN: rows that the mask hides entirely
///     y = MatMul(p, v)
///
/// Where q, k, v come out of `Transpose [0, 2, 1, 3]` and y goes into one, the transposes go too: the step reads and writes
/// [batch, sequence, heads, depth]. Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
struct AttentionRecognition: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.contains(id) {
      guard graph[id].op.domain.isEmpty, graph[id].op.name == "Softmax",
        let match = Match(softmax: id, in: graph)
      else { continue }
      graph.replace(match.last, with: match.node)
    }
  }

  private struct Match {
    let last: NodeID
    let node: Node

    init?(softmax id: NodeID, in graph: Graph) {
      let softmax = graph[id]
      guard let scoresIn = softmax.inputs[0], let sizes = graph.sizes(of: scoresIn), sizes.count == 4,
        graph.isFloat(scoresIn), [-1, 3].contains(softmax.int("axis") ?? (softmax.op.version < 13 ? 1 : -1)),
        let probabilities = softmax.outputs[0]
      else { return nil }

      var scores = scoresIn
      var mask: ValueID?
      if let add = graph.privateProducer(of: scores, "Add"), let a = add.node.inputs[0], let b = add.node.inputs[1] {
        let product = Self.unscaled(a, in: graph).value
        let isFirst = graph.producer(of: product, "MatMul") != nil && graph.sizes(of: a) == sizes
        (scores, mask) = isFirst ? (a, b) : (b, a)
      }
      let outer = Self.unscaled(scores, in: graph, isPrivate: true)
      guard let product = graph.privateProducer(of: outer.value, "MatMul"), graph.sizes(of: outer.value) == sizes else {
        return nil
      }
      let q = Self.unscaled(product.node.inputs[0], in: graph)
      let kTransposed = Self.unscaled(product.node.inputs[1], in: graph)
      guard let query = q.value, let transposedKey = kTransposed.value,
        let key = graph.producer(of: transposedKey, "Transpose"), let keySource = key.node.inputs[0],
        let permutation = key.node.ints("perm"), [[0, 2, 3, 1], [0, 1, 3, 2]].contains(permutation)
      else { return nil }

      guard let weighted = Self.product(with: probabilities, in: graph), let value = weighted.value,
        var output = graph[weighted.id].outputs[0], (graph.sizes(of: value)?.count ?? 0) == 4
      else { return nil }
      var last = weighted.id

      // [batch, heads, sequence, depth], or [batch, sequence, heads, depth] if all three were transposed into the former.
      var operands: [ValueID?] = [query, nil, value]
      var layout = "BHSD"
      let sources = [query, value].map { Self.headsFirst($0, in: graph) }
      let keyHeadsFirst = permutation == [0, 1, 3, 2] ? Self.headsFirst(keySource, in: graph) : keySource
      if let q = sources[0], let v = sources[1], let k = keyHeadsFirst {
        operands = [q, k, v]
        layout = "BSHD"
      } else if permutation == [0, 1, 3, 2] {
        operands[1] = keySource
      } else {
        return nil
      }
      let scale = outer.factor * q.factor * kTransposed.factor
      // Factors that underflow or overflow together must stay apart.
      guard scale.isNormal, Self.haveEqualHeads(operands.map { graph.sizes(of: $0) }, stepsFirst: layout == "BSHD")
      else {
        return nil
      }
      var outputLayout = "BHSD"
      if let next = graph.onlyConsumer(of: output, in: ["Transpose"]), next.node.ints("perm") == [0, 2, 1, 3],
        let transposed = next.node.outputs[0]
      {
        (last, output, outputLayout) = (next.id, transposed, "BSHD")
      }
      self.last = last
      node = Node(
        OperatorID("FusedAttention", domain: OperatorID.internalDomain, version: 1), name: graph[weighted.id].name,
        inputs: operands + (mask.map { [$0] } ?? []), outputs: [output],
        attributes: [
          "scale": .float(scale), "layout": .string(layout),
          "output_layout": .string(outputLayout), "zero_undefined_rows": .int(weighted.zeroesNaN ? 1 : 0),
        ])
    }

    /// Whether queries, keys and values have the same batches and heads, so that none is broadcast.
    private static func haveEqualHeads(_ sizes: [[Int]?], stepsFirst: Bool) -> Bool {
      guard let q = sizes[0], let k = sizes[1], let v = sizes[2], [q, k, v].allSatisfy({ $0.count == 4 }) else {
        return false
      }
      let (head, step) = stepsFirst ? (2, 1) : (1, 2)
      return q[0] == k[0] && q[head] == k[head] && q[3] == k[3] && k[0] == v[0] && k[head] == v[head]
        && k[step] == v[step]
    }

    /// Strips a multiplication or division by a number.
    private static func unscaled(
      _ value: ValueID?, in graph: Graph, isPrivate: Bool = false
    ) -> (value: ValueID?, factor: Float) {
      guard let value, !isPrivate || graph.onlyConsumer(of: value) != nil else { return (value, 1) }
      if let product = graph.producer(of: value, "Mul"), let split = graph.splitScalar(product.node) {
        return (split.operand, split.scalar)
      }
      if let quotient = graph.producer(of: value, "Div"), let divisor = graph.scalar(quotient.node.inputs[1]) {
        return (quotient.node.inputs[0], 1 / divisor)
      }
      return (value, 1)
    }

    /// The source of a transpose that puts heads before the sequence.
    private static func headsFirst(_ value: ValueID, in graph: Graph) -> ValueID? {
      guard let transpose = graph.producer(of: value, "Transpose"), transpose.node.ints("perm") == [0, 2, 1, 3] else {
        return nil
      }
      return transpose.node.inputs[0]
    }

    /// The product of the probabilities with the values, perhaps after NaN was made zero.
    private static func product(
      with probabilities: ValueID, in graph: Graph
    ) -> (id: NodeID, value: ValueID?, zeroesNaN: Bool)? {
      if let next = graph.onlyConsumer(of: probabilities, in: ["MatMul"]), next.node.inputs[0] == probabilities {
        return (next.id, next.node.inputs[1], false)
      }
      let consumers = graph.consumers(of: probabilities)
      guard consumers.count == 2, !graph.isOutput(probabilities),
        let isNaN = consumers.first(where: { graph[$0].op.name == "IsNaN" && graph[$0].op.domain.isEmpty }),
        let choice = consumers.first(where: { graph[$0].op.name == "Where" && graph[$0].op.domain.isEmpty }),
        graph[choice].inputs[0] == graph[isNaN].outputs[0], graph.scalar(graph[choice].inputs[1]) == 0,
        graph[choice].inputs[2] == probabilities, let cleaned = graph[choice].outputs[0],
        let next = graph.onlyConsumer(of: cleaned, in: ["MatMul"]), next.node.inputs[0] == cleaned
      else { return nil }
      return (next.id, next.node.inputs[1], true)
    }
  }
}
