import Graph

extension Lowering {
  /// Shapes of tensors, and the same elements under other shapes.
  static let shape: [Lowering] = [
    Lowering("Shape") { node throws(GraphError) in
      let shape = try node.tensor(0).shape
      let sizes = shape[try node.context.shapeRange(rank: shape.count)].map(Int64.init)
      return [.tensor(Tensor(shape: [sizes.count], sizes))]
    },
    Lowering("Size") { node throws(GraphError) in [.tensor(Tensor(scalar: Int64(try node.tensor(0).count)))] },
    reshaping("Reshape").lowered(by: ViewKernel.lower),
    reshaping("Flatten").lowered(by: ViewKernel.lower),
    reshaping("Squeeze").lowered(by: ViewKernel.lower),
    reshaping("Unsqueeze").lowered(by: ViewKernel.lower),
    Lowering("Transpose") { node throws(GraphError) in
      let input = try node.tensor(0)
      let permutation = try node.context.permutation(rank: input.shape.count)
      let strides = StridedWalk.rowMajorStrides(input.shape)
      let view = StridedView(shape: permutation.map { input.shape[$0] }, strides: permutation.map { strides[$0] })
      return [.tensor(try input.copied(view))]
    }.lowered(by: MovementKernel.transpose).flowing(.transpose),
    Lowering("Expand") { node throws(GraphError) in
      let input = try node.tensor(0)
      let shape = try node.outputShape()
      try node.checkedCount(shape, of: input.dataType)
      let strides = StridedWalk.broadcastStrides(input.shape, to: shape)
      return [.tensor(try input.copied(StridedView(shape: shape, strides: strides)))]
    }.lowered(by: MovementKernel.expand).flowing(.expand),
    Lowering("Identity") { node throws(GraphError) in
      guard case let value? = node.inputs.first, let value else { return [.none] }
      return [value]
    }.lowered(by: ViewKernel.lower).flowing(.identity),
  ]

  /// The same elements under the shape that the schema's rule gives.
  private static func reshaping(_ name: String) -> Lowering {
    Lowering(name) { node throws(GraphError) in [.tensor(try node.tensor(0).reshaped(try node.outputShape()))] }
      .flowing(.view)
  }
}

extension Evaluation {
  /// The sizes of an output, which the schema's rule tells from the inputs.
  package func outputShape(_ index: Int = 0) throws(GraphError) -> [Int] {
    let schema = try OperatorRegistry.standard.schema(for: context.node.op, node: context.name)
    let types = try schema.infer(context)
    guard index < types.count, let sizes = types[index].shape?.sizes, Shape.count(sizes) != nil else {
      throw .invalidGraph(node: context.name, what: "the shape of its output does not follow from its inputs")
    }
    return sizes
  }
}
