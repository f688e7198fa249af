import Graph

/// Finds layer normalization that exporters below opset 17 spell out.
///
///     mean = ReduceMean(x)      d = Sub(x, mean)        v = ReduceMean(d · d)     s = Sqrt(v + epsilon)
///     y = d / s · scale + bias
///
/// The square may be `Pow(d, 2)` or `Mul(d, d)`, the difference may be written once or twice, and scale and bias may stand on
/// either side. Ba, Kiros and Hinton, "Layer Normalization" (2016).
struct LayerNormRecognition: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.contains(id) {
      guard graph[id].op.domain.isEmpty, graph[id].op.name == "Div", let core = Core(endingIn: id, in: graph) else {
        continue
      }
      replace(id, core, in: &graph)
    }
  }

  /// The piece up to the division.
  private struct Core {
    let input: ValueID
    let epsilon: Float
    let axis: Int

    init?(endingIn id: NodeID, in graph: Graph) {
      guard let numerator = graph.producer(of: graph[id].inputs[0], "Sub"),
        let root = graph.producer(of: graph[id].inputs[1], "Sqrt"),
        let sum = graph.producer(of: root.node.inputs[0], "Add"), let shifted = graph.splitScalar(sum.node),
        let variance = graph.producer(of: shifted.operand, "ReduceMean"),
        let x = numerator.node.inputs[0], Self.isCentered(numerator.node, x, in: graph),
        Self.isSquare(variance.node.inputs[0], ofCentered: x, in: graph),
        let sizes = graph.sizes(of: x), let mean = graph.producer(of: numerator.node.inputs[1], "ReduceMean"),
        let axes = Self.axes(mean.node, rank: sizes.count, in: graph),
        axes == Self.axes(variance.node, rank: sizes.count, in: graph),
        axes == Array(sizes.count - axes.count..<sizes.count), let axis = axes.first,
        variance.node.int("keepdims") ?? 1 == 1, mean.node.int("keepdims") ?? 1 == 1
      else { return nil }
      input = x
      epsilon = shifted.scalar
      self.axis = axis
    }

    /// x - mean(x).
    private static func isCentered(_ sub: Node, _ x: ValueID, in graph: Graph) -> Bool {
      guard sub.inputs[0] == x, let mean = graph.producer(of: sub.inputs[1], "ReduceMean") else { return false }
      return mean.node.inputs[0] == x
    }

    private static func isSquare(_ value: ValueID?, ofCentered x: ValueID, in graph: Graph) -> Bool {
      func isCenteredValue(_ value: ValueID?) -> Bool {
        graph.producer(of: value, "Sub").map { isCentered($0.node, x, in: graph) } ?? false
      }
      if let power = graph.producer(of: value, "Pow") {
        return graph.scalar(power.node.inputs[1]) == 2 && isCenteredValue(power.node.inputs[0])
      }
      guard let product = graph.producer(of: value, "Mul") else { return false }
      return isCenteredValue(product.node.inputs[0]) && isCenteredValue(product.node.inputs[1])
    }

    private static func axes(_ node: Node, rank: Int, in graph: Graph) -> [Int]? {
      let given =
        node.ints("axes") ?? (node.inputs.count > 1 ? node.inputs[1].flatMap { graph[$0].constant?.integers } : nil)
      return given?.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    }
  }

  private func replace(_ division: NodeID, _ core: Core, in graph: inout Graph) {
    guard let sizes = graph.sizes(of: core.input) else { return }
    let normalized = Array(sizes[core.axis...])
    func parameter(of name: String, after value: ValueID) -> (id: NodeID, value: ValueID, output: ValueID)? {
      guard let next = graph.onlyConsumer(of: value, in: [name]), let other = next.node.otherInput(than: value),
        graph[other].constant != nil, graph.sizes(of: other) == normalized, let output = next.node.outputs[0]
      else { return nil }
      return (next.id, other, output)
    }
    guard let quotient = graph[division].outputs[0] else { return }
    let scale = parameter(of: "Mul", after: quotient)
    let bias = scale.flatMap { parameter(of: "Add", after: $0.output) }
    let last = bias?.id ?? scale?.id ?? division
    let output = bias?.output ?? scale?.output ?? quotient
    let gamma =
      scale?.value
      ?? graph.addConstant(
        name: graph.freshName(graph[quotient].name + "_scale"),
        Tensor(shape: normalized, Array(repeating: Float(1), count: normalized.reduce(1, *))))
    graph.replace(
      last,
      with: Node(
        OperatorID("LayerNormalization", version: 17), name: graph[division].name,
        inputs: [core.input, gamma] + (bias.map { [$0.value] } ?? []), outputs: [output],
        attributes: ["axis": .int(core.axis), "epsilon": .float(core.epsilon)]))
  }
}
