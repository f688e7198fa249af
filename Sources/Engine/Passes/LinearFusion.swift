import Graph

/// Lets a matrix product add its bias and a residual and apply an activation before its result is stored, and takes transposes
/// of its operands as a way to read them.
///
/// `MatMul → Add(bias) → Add(x) → Gelu` becomes one `FusedMatMul`, as does `Gemm`.
struct LinearFusion: GraphPass {
  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order where graph.contains(id) {
      let node = graph[id]
      guard node.op.domain.isEmpty, let output = node.outputs.first ?? nil, graph.isFloat(output) else { continue }
      var product: Product
      switch node.op.name {
      case "MatMul": product = Product(matMul: node)
      case "Gemm":
        guard let gemm = Product(gemm: node, output: output, in: graph) else { continue }
        product = gemm
      default: continue
      }
      guard (graph.sizes(of: product.a)?.count ?? 0) >= 2, (graph.sizes(of: product.b)?.count ?? 0) >= 2 else {
        continue
      }
      product.absorbTransposes(in: graph)
      product.flattenBias(in: &graph)
      let tail = NodeTail.following(output, in: graph, takesBias: product.bias == nil)
      let last = tail.last ?? (id, output)
      graph.replace(
        last.id,
        with: Node(
          OperatorID("FusedMatMul", domain: OperatorID.internalDomain, version: 1), name: node.name,
          inputs: [product.a, product.b, product.bias ?? tail.bias, tail.residual], outputs: [last.output],
          attributes: product.attributes.merging(tail.activation.attributes) { $1 }))
    }
  }

  /// A matrix product with the way its operands are read.
  private struct Product {
    var a: ValueID?
    var b: ValueID?
    var bias: ValueID?
    var transA = false
    var transB = false

    init(matMul node: Node) {
      a = node.inputs[0]
      b = node.inputs[1]
    }

    /// A `Gemm` without factors whose C, if any, is a vector over the columns, as those of linear layers are, or a constant row.
    init?(gemm node: Node, output: ValueID, in graph: Graph) {
      a = node.inputs[0]
      b = node.inputs[1]
      transA = node.int("transA") == 1
      transB = node.int("transB") == 1
      guard (node.float("alpha") ?? 1) == 1 else { return nil }
      guard node.inputs.count > 2, let c = node.inputs[2] else { return }
      guard (node.float("beta") ?? 1) == 1, let columns = graph.sizes(of: output)?.last,
        let sizes = graph.sizes(of: c), sizes == [columns] || (sizes == [1, columns] && graph[c].constant != nil)
      else { return nil }
      bias = c
    }

    /// Reads an operand through a transpose of its last two dimensions.
    mutating func absorbTransposes(in graph: Graph) {
      if let source = Self.untransposed(a, in: graph) {
        a = source
        transA.toggle()
      }
      if let source = Self.untransposed(b, in: graph) {
        b = source
        transB.toggle()
      }
    }

    /// Gives a constant row the shape of a vector, the only one that the fused operators' biases have.
    mutating func flattenBias(in graph: inout Graph) {
      guard let row = bias, let columns = graph.sizes(of: row)?.last, let constant = graph[row].constant,
        constant.shape.count == 2
      else { return }
      bias = graph.addConstant(name: graph.freshName(graph[row].name + "_vector"), constant.reshaped([columns]))
    }

    private static func untransposed(_ value: ValueID?, in graph: Graph) -> ValueID? {
      guard let transpose = graph.producer(of: value, "Transpose"), let rank = graph.sizes(of: value)?.count else {
        return nil
      }
      let swapped = Array(0..<rank - 2) + [rank - 1, rank - 2]
      return (transpose.node.ints("perm") ?? Array((0..<rank).reversed())) == swapped ? transpose.node.inputs[0] : nil
    }

    var attributes: [String: Attribute] {
      ["transA": .int(transA ? 1 : 0), "transB": .int(transB ? 1 : 0)]
    }
  }
}
