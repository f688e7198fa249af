import Graph

/// Counts the multiply-accumulate operations of nodes whose types are known: convolutions, matrix products, attention.
///
/// Everything else is next to nothing beside them. As the literature counts: ResNet-50 has 4.1 G at 224 x 224.
enum MultiplyAccumulates {
  /// The operations of a graph; nodes of unknown sizes count nothing.
  static func count(of graph: Graph) -> Int {
    graph.order.reduce(0) { sum, id in
      let (total, overflow) = sum.addingReportingOverflow(count(of: graph[id], in: graph))
      return overflow ? .max : total
    }
  }

  private static func count(of node: Node, in graph: Graph) -> Int {
    func sizes(_ values: [ValueID?], _ index: Int) -> [Int]? {
      guard index < values.count, let value = values[index] else { return nil }
      return graph[value].type?.shape?.sizes
    }
    guard let output = sizes(node.outputs, 0) else { return 0 }
    switch node.op.name {
    case "Conv", "ConvInteger":
      // Weights: outputs, inputs of a group, then the kernel.
      guard let weights = sizes(node.inputs, 1), weights.count > 2 else { return 0 }
      return product(output + weights.dropFirst())
    case "QLinearConv":
      guard let weights = sizes(node.inputs, 3), weights.count > 2 else { return 0 }
      return product(output + weights.dropFirst())
    case "ConvTranspose":
      guard let input = sizes(node.inputs, 0), let weights = sizes(node.inputs, 1), weights.count > 2 else { return 0 }
      return product(input + weights.dropFirst())
    case "MatMul", "MatMulInteger", "QLinearMatMul":
      guard let left = sizes(node.inputs, 0), let depth = left.last else { return 0 }
      return product(output + [depth])
    case "Gemm":
      guard let left = sizes(node.inputs, 0), left.count == 2 else { return 0 }
      var isTransposed = false
      if case .int(let flag)? = node.attributes["transA"] { isTransposed = flag != 0 }
      return product(output + [left[isTransposed ? 0 : 1]])
    case "Attention":
      // The scores and their product with the values; inputs are [.., length, width].
      guard let query = sizes(node.inputs, 0), let key = sizes(node.inputs, 1), query.count == key.count,
        query.count >= 3
      else { return 0 }
      return product([2] + query + [key[key.count - 2]])
    default: return 0
    }
  }

  private static func product(_ factors: [Int]) -> Int {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return .max }
      product = next
    }
    return product
  }
}
