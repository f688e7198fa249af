import Graph
import Kernels

/// Functions of single numbers by vector kernels.
enum UnaryKernel {
  /// The fast path of an operator that is always this function.
  static func lower(_ function: UnaryFunction) -> Lowering.Lower {
    lower { _ throws(GraphError) in function }
  }

  /// The fast path of an operator whose attributes say which function it is; nil if none.
  static func lower(
    _ function: @escaping @Sendable (NodeContext) throws(GraphError) -> UnaryFunction?
  ) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let function = try function(context) else { return false }
      return append(function, context, &plan)
    }
  }

  /// Adds a step that applies a function to the node's first input.
  static func append(_ function: UnaryFunction, _ context: NodeContext, _ plan: inout PlanBuilder) -> Bool {
    guard let input = context.node.inputs[0], let output = context.node.outputs[0],
      let type = plan.tensorType(of: output), type.dataType == .float32,
      plan.tensorType(of: input)?.dataType == .float32
    else { return false }
    let count = type.sizes.reduce(1, *)
    plan.append(plan.kernelName("unary_f32"), reading: [input], writing: [output], inPlace: [0]) { frame in
      frame.kernels.unary(function, frame.input(0), frame.output(), count: count)
    }
    return true
  }

  /// `Clip`, whose bounds are attributes up to version 10 and constants in nearly every model after that.
  static let clip = lower { context throws(GraphError) in
    var (low, high) = (-Float.infinity, Float.infinity)
    if context.version < 11 {
      low = try context.float("min", default: low)
      high = try context.float("max", default: high)
    } else {
      for index in 1...2 where context.hasInput(index) {
        guard let bound = context.constant(index)?.elements(Float.self)?.first else { return nil }
        if index == 1 { low = bound } else { high = bound }
      }
    }
    return low <= high ? .activation(.clip(min: low, max: high)) : nil
  }

  /// `Gelu`, by error function or by tanh.
  static let gelu = lower { context throws(GraphError) in
    .activation(try context.string("approximate", default: "none") == "tanh" ? .geluTanh : .gelu)
  }
}

/// Functions of two tensors that broadcast together, by vector kernels.
enum BinaryKernel {
  /// The fast path of an operator that is this function.
  static func lower(_ function: Kernels.BinaryFunction) -> Lowering.Lower {
    { context, plan throws(GraphError) in try append(.vector(function), context, &plan) }
  }

  /// `Pow`; cheap functions where the exponent is a constant that has one.
  static let power: Lowering.Lower = { context, plan throws(GraphError) in
    let functions: [Float: UnaryFunction] = [2: .square, 3: .cube, -1: .reciprocal]
    if let exponent = context.constant(1), exponent.count == 1, let power = exponent.elements(Float.self)?.first,
      let function = functions[power], let input = context.node.inputs[0], let output = context.node.outputs[0],
      plan.tensorType(of: input)?.sizes == plan.tensorType(of: output)?.sizes
    {
      return UnaryKernel.append(function, context, &plan)
    }
    return try append(.power, context, &plan)
  }

  private static func append(
    _ function: Elementwise.Function, _ context: NodeContext, _ plan: inout PlanBuilder
  ) throws(GraphError) -> Bool {
    guard context.inputCount == 2, let left = context.node.inputs[0], let right = context.node.inputs[1],
      let output = context.node.outputs[0], let a = plan.tensorType(of: left), let b = plan.tensorType(of: right),
      let y = plan.tensorType(of: output), [a.dataType, b.dataType, y.dataType].allSatisfy({ $0 == .float32 })
    else { return false }
    let aligned = try context.alignedSecondShape(a.sizes, b.sizes)
    let elementwise = Elementwise(function, left: a.sizes, right: aligned, context: plan.kernels)
    let inPlace = (a.sizes == y.sizes ? [0] : []) + (b.sizes == y.sizes ? [1] : [])
    plan.append(plan.kernelName("binary_f32"), reading: [left, right], writing: [output], inPlace: inPlace) { frame in
      elementwise.run(left: frame.input(0), right: frame.input(1), output: frame.output())
    }
    return true
  }
}
