import Graph

/// Computes nodes whose inputs are constants when the plan is made.
package enum ConstantFolding {
  /// Bytes that a folded result may take beyond those of its inputs: a node that only blows up its inputs stays, so that
  /// no constant is larger than what the file holds.
  private static let growth = 1 << 20

  /// Shape inference that folds as it goes.
  package static let inference = ShapeInference { context throws(GraphError) in try evaluate(context) }

  private static func evaluate(_ context: NodeContext) throws(GraphError) -> [Tensor]? {
    let lowering = try LoweringRegistry.standard.lowering(for: context.node)
    guard lowering.isDeterministic else { return nil }
    let inputs = context.node.inputs.indices.map { context.constant($0) }
    let schema = try OperatorRegistry.standard.schema(for: context.node.op, node: context.name)
    let known = inputs.reduce(growth) { $0 + ($1?.byteCount ?? 0) }
    for type in try schema.infer(context) {
      guard case .tensor(let dataType, let shape?) = type, let sizes = shape.sizes else { continue }
      let count = try MemoryBudget.checkedCount(sizes, of: dataType, node: context.name)
      guard dataType.byteCount(elements: count) <= known else { return nil }
    }
    let results = try lowering.evaluate(
      Evaluation(node: context.node, inputs: inputs.map { $0.map(RuntimeValue.tensor) }))
    let tensors = results.compactMap(\.tensor)
    return tensors.count == results.count ? tensors : nil
  }
}
