import Graph

/// Operators that change a tensor's shape and leave its elements where they are: nothing runs.
enum ViewKernel {
  static let lower: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs.first ?? nil, let output = context.node.outputs.first ?? nil,
      context.node.outputs.count == 1, let from = plan.tensorType(of: input), let to = plan.tensorType(of: output),
      from.dataType == to.dataType, from.sizes.reduce(1, *) == to.sizes.reduce(1, *)
    else { return false }
    return plan.alias(output, to: input)
  }
}
