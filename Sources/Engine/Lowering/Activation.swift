import Graph

extension Lowering {
  /// Functions of one element that neural networks apply between layers.
  static let activation: [Lowering] = [
    Lowering("Relu") { node throws(GraphError) in
      let input = try node.tensor(0)
      let output = input.elements(Float.self)?.map { max($0, 0) } ?? []
      return [.tensor(Tensor(shape: input.shape, output))]
    }
  ]
}
