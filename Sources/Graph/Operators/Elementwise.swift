extension OperatorSchema {
  /// Functions of one element, and of elements at the same place of tensors that broadcast together.
  static let elementwise: [OperatorSchema] = unaryMath + binaryMath + comparisons + bitwise + selections

  private static let unaryMath: [OperatorSchema] = [
    function("Abs", [1, 6, 13], of: .numbers),
    function("Acos", [7, 22]),
    function("Acosh", [9, 22]),
    function("Asin", [7, 22]),
    function("Asinh", [9, 22]),
    function("Atan", [7, 22]),
    function("Atanh", [9, 22]),
    function("Ceil", [1, 6, 13]),
    function("Cos", [7, 22]),
    function("Cosh", [9, 22]),
    function("Erf", [9, 13], of: .numbers),
    function("Exp", [1, 6, 13]),
    function("Floor", [1, 6, 13]),
    function("Log", [1, 6, 13]),
    function("Neg", [1, 6, 13], of: .signed),
    function("Not", [1], of: [.bool]),
    function("Reciprocal", [1, 6, 13]),
    function("Round", [11, 22]),
    function("Sign", [9, 13], of: .numbers),
    function("Sin", [7, 22]),
    function("Sinh", [9, 22]),
    function("Sqrt", [1, 6, 13]),
    function("Tan", [7, 22]),
    function("Tanh", [1, 6, 13]),
    function("BitwiseNot", [18], of: .integers),
    test("IsNaN", [9, 13, 20]),
    test("IsInf", [10, 20], attributes: ["detect_negative", "detect_positive"]),
  ]

  private static let binaryMath: [OperatorSchema] = [
    binary("Add", [1, 6, 7, 13, 14], of: .numbers),
    binary("Sub", [1, 6, 7, 13, 14], of: .numbers),
    binary("Mul", [1, 6, 7, 13, 14], of: .numbers),
    binary("Div", [1, 6, 7, 13, 14], of: .numbers),
    binary("Mod", [10, 13, 28], of: .numbers, attributes: ["fmod"]),
    binary("PRelu", [1, 6, 7, 9, 16], of: .numbers),
    OperatorSchema("Pow", versions: [1, 7, 12, 13, 15], inputs: 2...2, attributes: legacyBroadcast, infer: power),
    variadic("Max", [1, 6, 8, 12, 13]),
    variadic("Min", [1, 6, 8, 12, 13]),
    variadic("Sum", [1, 6, 8, 13]),
    variadic("Mean", [1, 6, 8, 13]),
    cumulative("CumSum", [11, 14]),
    cumulative("CumProd", [26]),
  ]

  private static let comparisons: [OperatorSchema] = [
    binary("Equal", [1, 7, 11, 13, 19], of: Set<DataType>.numbers.union([.bool, .string]), output: .bool),
    binary("Greater", [1, 7, 9, 13], of: .numbers, output: .bool),
    binary("GreaterOrEqual", [12, 16], of: .numbers, output: .bool),
    binary("Less", [1, 7, 9, 13], of: .numbers, output: .bool),
    binary("LessOrEqual", [12, 16], of: .numbers, output: .bool),
    binary("And", [1, 7], of: [.bool], output: .bool),
    binary("Or", [1, 7], of: [.bool], output: .bool),
    binary("Xor", [1, 7], of: [.bool], output: .bool),
  ]

  private static let bitwise: [OperatorSchema] = [
    binary("BitwiseAnd", [18], of: .integers),
    binary("BitwiseOr", [18], of: .integers),
    binary("BitwiseXor", [18], of: .integers),
    binary("BitShift", [11, 28], of: .integers, attributes: ["direction"]),
  ]

  private static let selections: [OperatorSchema] = [
    OperatorSchema("Where", versions: [9, 16], inputs: 3...3) { context throws(GraphError) in
      _ = try context.dataType(0, in: [.bool])
      try context.requireSameType(2, as: 1)
      return [.tensor(try context.dataType(1), try context.broadcastShape(of: 0...2))]
    },
    OperatorSchema(
      "Clip", versions: [1, 6, 11, 12, 13], inputs: 1...3, attributes: ["min", "max", "consumed_inputs"]
    ) { context throws(GraphError) in
      for bound in 1...2 {
        try context.requireSameType(bound)
        if context.hasInput(bound), let shape = try context.shape(bound), shape.rank > 0, shape.count != 1 {
          throw .shapeMismatch(node: context.name, input: "\(bound)", expected: "scalar", found: "\(shape)")
        }
      }
      return try context.sameAsInput(in: .numbers)
    },
  ]

  // MARK: - Rules

  /// Attributes that ruled broadcasting before version 7.
  private static let legacyBroadcast: Set<String> = ["axis", "broadcast", "consumed_inputs"]

  /// A function of one element.
  static func function(
    _ name: String, _ versions: [Int], of types: Set<DataType> = .floats, attributes: Set<String> = []
  ) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 1...1, attributes: attributes.union(["consumed_inputs"])) {
      context throws(GraphError) in try context.sameAsInput(in: types)
    }
  }

  /// A truth value of one element.
  private static func test(_ name: String, _ versions: [Int], attributes: Set<String> = []) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 1...1, attributes: attributes) { context throws(GraphError) in
      _ = try context.dataType(0, in: Set<DataType>.floats.union(Set<DataType>.narrowFloats))
      return [.tensor(.bool, try context.shape(0))]
    }
  }

  /// A function of two elements of one type.
  private static func binary(
    _ name: String, _ versions: [Int], of types: Set<DataType>, output: DataType? = nil, attributes: Set<String> = []
  ) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 2...2, attributes: attributes.union(legacyBroadcast)) {
      context throws(GraphError) in
      let type = try context.dataType(0, in: types)
      try context.requireSameType(1)
      return [.tensor(output ?? type, try context.binaryShape())]
    }
  }

  private static func power(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0, in: .numbers)
    _ = try context.dataType(1, in: .numbers)
    return [.tensor(type, try context.binaryShape())]
  }

  /// A function of the elements of any number of tensors of one type.
  private static func variadic(_ name: String, _ versions: [Int]) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 1...Int.max, attributes: ["consumed_inputs"]) {
      context throws(GraphError) in
      let type = try context.dataType(0, in: .numbers)
      for index in 1..<max(1, context.inputCount) { try context.requireSameType(index) }
      return [.tensor(type, try context.broadcastShape(of: 0..<context.inputCount))]
    }
  }

  /// A running sum or product along an axis.
  private static func cumulative(_ name: String, _ versions: [Int]) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 2...2, attributes: ["exclusive", "reverse"]) {
      context throws(GraphError) in
      _ = try context.dataType(1, in: .indices)
      return try context.sameAsInput(in: .numbers)
    }
  }
}

extension NodeContext {
  /// The shape of a function of two inputs.
  ///
  /// Before version 7 the second broadcast only if the node said so, and at an axis that it could name.
  package func binaryShape() throws(GraphError) -> Shape? {
    guard version < 7 || node.op.name == "PRelu", let a = try shape(0), let b = try shape(1) else {
      return try broadcastShape(of: 0...1)
    }
    return try broadcast(a, Shape(alignedSecondShape(a.dimensions, b.dimensions)), input: "1")
  }

  /// The shape of the second input with the dimensions of size 1 that the old rule of broadcasting adds behind it.
  package func alignedSecondShape<Size: Equatable & ExpressibleByIntegerLiteral>(
    _ a: [Size], _ b: [Size]
  ) throws(GraphError) -> [Size] {
    if node.op.name == "PRelu" {
      // One slope for each channel, as exporters write it for every version.
      let isChannelwise =
        b.count == 1 && a.count > 2 && b[0] == a[1] && b[0] != 1 && (b[0] != a[a.count - 1] || version < 7)
      return isChannelwise ? b + [Size](repeating: 1, count: a.count - 2) : b
    }
    guard version < 7, try bool("broadcast", default: false), hasAttribute("axis") else { return b }
    let axis = try axis(try int("axis"), rank: a.count, inclusive: true)
    let missing = a.count - axis - b.count
    guard missing >= 0 else {
      throw .invalidAttribute(
        node: name, attribute: "axis", expected: "at most \(a.count - b.count)", found: "\(axis)")
    }
    return b + [Size](repeating: 1, count: missing)
  }
}
