import Graph

/// Lets a convolution add a residual and apply the activation that follow it, before its result is stored.
///
/// `Conv → Add(x) → Relu` becomes one `FusedConv` at the place of the last of them. The added tensor must have the result's
/// shape, and nothing else may read what lies between.
struct ConvolutionFusion: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.contains(id) {
      let node = graph[id]
      guard Self.isConvolution(node), let output = node.outputs[0], graph.isFloat(output) else { continue }
      let tail = NodeTail.following(output, in: graph, takesBias: false)
      guard let last = tail.last else { continue }
      let (bias, scale) = (node.inputs.count > 2 ? node.inputs[2] : nil, node.inputs.count > 4 ? node.inputs[4] : nil)
      graph.replace(
        last.id,
        with: Node(
          OperatorID("FusedConv", domain: OperatorID.internalDomain, version: 1), name: node.name,
          inputs: [node.inputs[0], node.inputs[1], bias, tail.residual] + (scale.map { [$0] } ?? []),
          outputs: [last.output],
          attributes: node.attributes.merging(tail.activation.attributes) { $1 }))
    }
  }

  /// A convolution of ONNX, or one that took over a batch normalization and nothing else yet.
  private static func isConvolution(_ node: Node) -> Bool {
    switch (node.op.domain, node.op.name) {
    case ("", "Conv"): true
    case (OperatorID.internalDomain, "FusedConv"): node.inputs[3] == nil && node.attributes["activation"] == nil
    default: false
    }
  }
}

/// What follows a convolution or a matrix product and can be computed where its result is stored.
struct NodeTail {
  /// A vector over the last dimension that is added.
  var bias: ValueID?
  /// A tensor of the result's shape that is added.
  var residual: ValueID?
  /// What is applied last.
  var activation = FusedActivation.none
  /// The last node that it covers, with the value that the node writes.
  var last: (id: NodeID, output: ValueID)?

  /// Follows a value through additions and an activation, as long as each is the only reader of the one before.
  static func following(_ value: ValueID, in graph: Graph, takesBias: Bool) -> NodeTail {
    var tail = NodeTail()
    var current = value
    while tail.activation == .none, let id = graph.onlyConsumer(of: current) {
      let node = graph[id]
      guard let output = node.outputs.first ?? nil, graph.sameType(output, value) else { break }
      if let activation = FusedActivation(node, in: graph), node.inputs[0] == current {
        tail.activation = activation
      } else if node.op.domain.isEmpty, node.op.name == "Add", let other = node.otherInput(than: current) {
        if takesBias, tail.bias == nil, graph.isRow(other, of: value) {
          tail.bias = other
        } else if tail.residual == nil, graph.sameType(other, value) {
          tail.residual = other
        } else {
          break
        }
      } else {
        break
      }
      tail.last = (id, output)
      current = output
    }
    return tail
  }
}

extension Graph {
  /// Whether a value is a vector over the last dimension of another.
  fileprivate func isRow(_ value: ValueID, of matrix: ValueID) -> Bool {
    guard let row = sizes(of: value), let width = sizes(of: matrix)?.last else { return false }
    return row == [width]
  }
}
