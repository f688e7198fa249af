import Foundation
import Graph
import Kernels

extension Lowering {
  /// Functions of one element, and of elements at the same place of tensors that broadcast together.
  static let elementwise: [Lowering] = unaryMath + binaryMath + comparisons + logic + bitwise + selections

  private static let unaryMath: [Lowering] = [
    numeric("Abs", Magnitude()).lowered(by: UnaryKernel.lower(.abs)),
    numeric("Neg", Negation()).lowered(by: UnaryKernel.lower(.negate)),
    numeric("Sign", Signum()),
    real("Reciprocal", Inverse()).lowered(by: UnaryKernel.lower(.reciprocal)),
    real("Sqrt", SquareRoot()).lowered(by: UnaryKernel.lower(.sqrt)),
    real("Ceil", Rounding(rule: .up)).lowered(by: UnaryKernel.lower(.ceil)),
    real("Floor", Rounding(rule: .down)).lowered(by: UnaryKernel.lower(.floor)),
    real("Round", Rounding(rule: .toNearestOrEven)).lowered(by: UnaryKernel.lower(.round)),
    math("Acos", Foundation.acos, Foundation.acos),
    math("Acosh", Foundation.acosh, Foundation.acosh),
    math("Asin", Foundation.asin, Foundation.asin),
    math("Asinh", Foundation.asinh, Foundation.asinh),
    math("Atan", Foundation.atan, Foundation.atan),
    math("Atanh", Foundation.atanh, Foundation.atanh),
    math("Cos", Foundation.cos, Foundation.cos),
    math("Cosh", Foundation.cosh, Foundation.cosh),
    math("Exp", Foundation.exp, Foundation.exp).lowered(by: UnaryKernel.lower(.exp)),
    math("Log", Foundation.log, Foundation.log).lowered(by: UnaryKernel.lower(.log)),
    math("Sin", Foundation.sin, Foundation.sin),
    math("Sinh", Foundation.sinh, Foundation.sinh),
    math("Tan", Foundation.tan, Foundation.tan),
    math("Tanh", Foundation.tanh, Foundation.tanh).lowered(by: UnaryKernel.lower(.activation(.tanh))),
    Lowering("Erf") { node throws(GraphError) in
      let input = try node.tensor(0)
      // Of whole numbers too, which ONNX allows: the result keeps their type.
      let real = input.dataType.isInteger ? input.converted(to: .float64) ?? input : input
      let function = MathFunction(float: Foundation.erf, double: Foundation.erf)
      return [.tensor(try real.applying(real: function, in: node).narrowed(to: input.dataType))]
    }.lowered(by: UnaryKernel.lower(.erf)).flowing(.elementwise),
    test("IsNaN") { _ throws(GraphError) in { $0.isNaN } },
    test("IsInf") { node throws(GraphError) in
      let negative = try node.context.bool("detect_negative", default: true)
      let positive = try node.context.bool("detect_positive", default: true)
      return { $0.isInfinite && ($0 < 0 ? negative : positive) }
    },
  ]

  private static let binaryMath: [Lowering] = [
    arithmetic("Add", Sum(), .add),
    arithmetic("Sub", Difference(), .subtract),
    arithmetic("Mul", Product(), .multiply),
    arithmetic("Div", Quotient(), .divide),
    // A vector of slopes may lie along the second axis or the last.
    binary("PRelu", SlopedRelu()).lowered(by: BinaryKernel.lower(.prelu)).flowing(nil),
    Lowering("Mod") { node throws(GraphError) in
      if try node.context.bool("fmod", default: false) { return try binary(node, TruncatedRemainder()) }
      return try binary(node, FlooredRemainder())
    }.flowing(.elementwise),
    Lowering("Pow", evaluate: power).lowered(by: BinaryKernel.power).flowing(.elementwise),
    variadic("Max", Maximum()).lowered(by: BinaryKernel.lower(.maximum)),
    variadic("Min", Minimum()).lowered(by: BinaryKernel.lower(.minimum)),
    variadic("Sum", Sum()).lowered(by: BinaryKernel.lower(.add)),
    Lowering("Mean") { node throws(GraphError) in
      let sum = try folded(node, Sum())
      let count = Tensor(scalar: Float(node.inputs.count)).narrowed(to: sum.dataType)
      return [.tensor(try .combining(sum, count, Quotient(), in: node).narrowed(to: try node.tensor(0).dataType))]
    }.flowing(.elementwise),
  ]

  private static let comparisons: [Lowering] = [
    relation("Equal", IsEqual()),
    relation("Greater", IsGreater()),
    relation("GreaterOrEqual", IsGreaterOrEqual()),
    relation("Less", IsLess()),
    relation("LessOrEqual", IsLessOrEqual()),
  ]

  // MARK: - Patterns

  /// A function of numbers of every type.
  static func numeric(_ name: String, _ function: some NumericFunction) -> Lowering {
    Lowering(name) { node throws(GraphError) in [.tensor(try node.tensor(0).applying(function, in: node))] }
      .flowing(.elementwise)
  }

  /// A function of floating-point numbers.
  static func real(_ name: String, _ function: some RealFunction) -> Lowering {
    Lowering(name) { node throws(GraphError) in [.tensor(try node.tensor(0).applying(real: function, in: node))] }
      .flowing(.elementwise)
  }

  /// A function of the C library.
  private static func math(
    _ name: String, _ float: @escaping @Sendable (Float) -> Float, _ double: @escaping @Sendable (Double) -> Double
  ) -> Lowering {
    real(name, MathFunction(float: float, double: double))
  }

  /// A truth value of each number.
  private static func test(
    _ name: String, _ condition: @escaping @Sendable (Evaluation) throws(GraphError) -> @Sendable (Double) -> Bool
  ) -> Lowering {
    Lowering(name) { node throws(GraphError) in
      let input = try node.tensor(0)
      let holds = try condition(node)
      let wide = input.converted(to: .float64) ?? input
      return [.tensor(wide.map(Double.self, to: Bool8.self) { Bool8(holds($0)) } ?? input)]
    }.flowing(.elementwise)
  }

  /// Arithmetic that has kernels for floats and for whole numbers.
  private static func arithmetic(
    _ name: String, _ function: some BinaryFunction, _ kernel: Kernels.BinaryFunction
  ) -> Lowering {
    let (floats, integers) = (BinaryKernel.lower(kernel), LoopKernel.integers(function))
    return binary(name, function).lowered { context, plan throws(GraphError) in
      if try floats(context, &plan) { return true }
      return try integers(context, &plan)
    }
  }

  /// A function of two numbers of one type.
  private static func binary(_ name: String, _ function: some BinaryFunction) -> Lowering {
    Lowering(name) { node throws(GraphError) in try binary(node, function) }.flowing(.elementwise)
  }

  private static func binary(
    _ node: Evaluation, _ function: some BinaryFunction
  ) throws(GraphError) -> [RuntimeValue] {
    [.tensor(try .combining(try node.tensor(0), try node.alignedSecond(), function, in: node))]
  }

  private static func relation(_ name: String, _ relation: some ElementRelation) -> Lowering {
    Lowering(name) { node throws(GraphError) in
      [.tensor(try .comparing(try node.tensor(0), try node.alignedSecond(), relation, in: node))]
    }.lowered(by: LoopKernel.relation(relation)).flowing(.elementwise)
  }

  private static func variadic(_ name: String, _ function: some BinaryFunction) -> Lowering {
    Lowering(name) { node throws(GraphError) in
      [.tensor(try folded(node, function).narrowed(to: try node.tensor(0).dataType))]
    }.flowing(.elementwise)
  }

  /// A function of all inputs, from the first to the last, in the type in which references compute.
  private static func folded(_ node: Evaluation, _ function: some BinaryFunction) throws(GraphError) -> Tensor {
    var result = try node.tensor(0).widened()
    for index in node.inputs.indices.dropFirst() {
      result = try .combining(result, try node.tensor(index).widened(), function, in: node)
    }
    return result
  }

  private static func power(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (base, exponent) = (try node.tensor(0), try node.alignedSecond())
    if base.dataType.isInteger && exponent.dataType.isInteger {
      let (x, y) = (base.converted(to: .int64) ?? base, exponent.converted(to: .int64) ?? exponent)
      return [.tensor(try .combining(x, y, IntegerPower(), in: node).narrowed(to: base.dataType))]
    }
    // Both in a type that holds either exactly: float for narrow floats, else double.
    let type: DataType = base.dataType.computeType == .float32 && exponent.dataType.bitWidth <= 32 ? .float32 : .float64
    let (x, y) = (base.converted(to: type) ?? base, exponent.converted(to: type) ?? exponent)
    return [.tensor(try .combining(x, y, Power(), in: node).narrowed(to: base.dataType))]
  }
}

extension Evaluation {
  /// The second input, under the shape in which it broadcasts with the first.
  func alignedSecond() throws(GraphError) -> Tensor {
    let (a, b) = (try tensor(0), try tensor(1))
    guard version < 7 || context.node.op.name == "PRelu" else { return b }
    return b.reshaped(try context.alignedSecondShape(a.shape, b.shape))
  }
}
