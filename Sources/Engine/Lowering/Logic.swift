import Graph

extension Lowering {
  /// Functions of truth values.
  static let logic: [Lowering] = [
    logical("And") { $0 && $1 },
    logical("Or") { $0 || $1 },
    logical("Xor") { $0 != $1 },
    Lowering("Not") { node throws(GraphError) in
      let input = try node.tensor(0)
      return [.tensor(input.map(Bool8.self, to: Bool8.self) { Bool8(!$0.value) } ?? input)]
    }.lowered(by: ConversionKernel.not).flowing(.elementwise),
  ]

  /// Functions of the bits of whole numbers.
  static let bitwise: [Lowering] = [
    bitwise("BitwiseAnd", BitAnd()),
    bitwise("BitwiseOr", BitOr()),
    bitwise("BitwiseXor", BitXor()),
    Lowering("BitwiseNot") { node throws(GraphError) in
      let input = try node.tensor(0)
      return [.tensor(try input.dataType.visit(integer: Complement(input: input), in: node))]
    }.flowing(.elementwise),
    Lowering("BitShift") { node throws(GraphError) in
      switch try node.context.string("direction") {
      case "LEFT": return try bitwise(node, ShiftLeft())
      case "RIGHT": return try bitwise(node, ShiftRight())
      case let other:
        throw .invalidAttribute(
          node: node.context.name, attribute: "direction", expected: "LEFT or RIGHT", found: other)
      }
    }.flowing(.elementwise),
  ]

  private static func logical(_ name: String, _ function: @escaping @Sendable (Bool, Bool) -> Bool) -> Lowering {
    Lowering(name) { node throws(GraphError) in
      let (a, b) = (try node.tensor(0), try node.alignedSecond())
      let shape = try node.broadcastShape([a.shape, b.shape])
      try node.checkedCount(shape, of: .bool)
      let result = try a.borrow(Bool8.self) { x throws(GraphError) in
        try b.borrow(Bool8.self) { y throws(GraphError) in
          Tensor(shape: shape, of: Bool8.self) { output in
            combine(x, y, shapes: (a.shape, b.shape), to: shape, &output) { Bool8(function($0.value, $1.value)) }
          }
        }
      }
      return [.tensor(result)]
    }.lowered(by: LoopKernel.logical(function)).flowing(.elementwise)
  }

  private static func bitwise(_ name: String, _ function: some BitFunction) -> Lowering {
    Lowering(name) { node throws(GraphError) in try bitwise(node, function) }.flowing(.elementwise)
  }

  private static func bitwise(_ node: Evaluation, _ function: some BitFunction) throws(GraphError) -> [RuntimeValue] {
    let (a, b) = (try node.tensor(0), try node.tensor(1))
    let shape = try node.broadcastShape([a.shape, b.shape])
    try node.checkedCount(shape, of: a.dataType)
    return [.tensor(try a.dataType.visit(integer: BitMap(a: a, b: b, shape: shape, function: function), in: node))]
  }
}

/// A function of the bits of two whole numbers.
private protocol BitFunction: Sendable {
  func callAsFunction<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer
}

private struct BitAnd: BitFunction {
  func callAsFunction<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer { a & b }
}

private struct BitOr: BitFunction {
  func callAsFunction<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer { a | b }
}

private struct BitXor: BitFunction {
  func callAsFunction<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer { a ^ b }
}

/// By less than 0, or by more bits than there are: 0.
private struct ShiftLeft: BitFunction {
  func callAsFunction<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer { b < 0 ? 0 : a << b }
}

/// By less than 0, or by more bits than there are: only the sign stays.
private struct ShiftRight: BitFunction {
  func callAsFunction<Integer: FixedWidthInteger>(_ a: Integer, _ b: Integer) -> Integer {
    b < 0 ? (a < 0 ? ~0 : 0) : a >> b
  }
}

private struct BitMap<Function: BitFunction>: IntegerVisitor {
  let a: Tensor
  let b: Tensor
  let shape: [Int]
  let function: Function

  func visit<Element: NumericElement & FixedWidthInteger>(_ element: Element.Type) throws(GraphError) -> Tensor {
    try a.borrow(element) { x throws(GraphError) in
      try b.borrow(element) { y throws(GraphError) in
        Tensor(shape: shape, of: element) { output in
          combine(x, y, shapes: (a.shape, b.shape), to: shape, &output) { function($0, $1) }
        }
      }
    }
  }
}

private struct Complement: IntegerVisitor {
  let input: Tensor
  func visit<Element: NumericElement & FixedWidthInteger>(_ element: Element.Type) throws(GraphError) -> Tensor {
    input.map(element, to: element) { ~$0 } ?? input
  }
}
