import Graph

/// A reference that computes in floating point, written once.
///
/// It runs in `Double` for nodes whose first input is `double`, in `Float` for all others; results are rounded once, at the end.
/// Conformers mark `evaluate` with `@_specialize` for both, so that it is fast wherever it is called from.
protocol RealReference: SendableMetatype {
  /// Computes the outputs of a node.
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue]
}

/// A reference that computes in any number type, written once.
protocol NumericReference: SendableMetatype {
  /// Computes the outputs of a node.
  static func evaluate<E: NumericElement>(_ node: Evaluation, as element: E.Type) throws(GraphError) -> [RuntimeValue]
}

extension Lowering {
  /// An operator whose reference computes in the floating-point type of an input, by default the first.
  init<Reference: RealReference>(
    _ name: String, domain: String = "", real reference: Reference.Type, of input: Int = 0
  ) {
    self.init(name, domain: domain) { node throws(GraphError) in
      switch try node.tensor(input).dataType.computeType {
      case .float64: try Reference.evaluate(node, as: Double.self)
      default: try Reference.evaluate(node, as: Float.self)
      }
    }
  }

  /// An operator whose reference computes in the number type of its first input.
  init<Reference: NumericReference>(_ name: String, numeric reference: Reference.Type) {
    self.init(name) { node throws(GraphError) in
      let type = try node.tensor(0).dataType
      switch type.computeType {
      case .float32: return try Reference.evaluate(node, as: Float.self)
      case .float64: return try Reference.evaluate(node, as: Double.self)
      case .int64: return try Reference.evaluate(node, as: Int64.self)
      case .int32: return try Reference.evaluate(node, as: Int32.self)
      case .int16: return try Reference.evaluate(node, as: Int16.self)
      case .int8: return try Reference.evaluate(node, as: Int8.self)
      case .uint64: return try Reference.evaluate(node, as: UInt64.self)
      case .uint32: return try Reference.evaluate(node, as: UInt32.self)
      case .uint16: return try Reference.evaluate(node, as: UInt16.self)
      case .uint8: return try Reference.evaluate(node, as: UInt8.self)
      default: throw node.unsupported(type)
      }
    }
  }
}

extension Evaluation {
  /// The elements of an input, in the type that the reference computes in.
  func values<E: NumericElement>(_ index: Int, as element: E.Type) throws(GraphError) -> [E] {
    let tensor = try tensor(index)
    guard let values = tensor.converted(to: E.dataType)?.elements(element) else { throw unsupported(tensor.dataType) }
    return values
  }

  /// The elements of an input that may be left out.
  func optionalValues<E: NumericElement>(_ index: Int, as element: E.Type) throws(GraphError) -> [E]? {
    context.hasInput(index) ? try values(index, as: element) : nil
  }

  /// A tensor of these elements, rounded to a data type.
  func result<E: NumericElement>(
    _ values: [E], shape: [Int], type: DataType
  ) throws(GraphError) -> RuntimeValue {
    guard let tensor = Tensor(shape: shape, values).converted(to: type) else { throw unsupported(type) }
    return .tensor(tensor)
  }

  /// An array for a result of this shape, filled with one value, if the machine can hold it.
  func filled<E: NumericElement>(_ value: E, shape: [Int]) throws(GraphError) -> [E] {
    Array(repeating: value, count: try checkedCount(shape, of: E.dataType))
  }

  /// An error about the contents of an input.
  func badValue(_ input: Int, expected: String, found: some Any) -> GraphError {
    invalid(input, expected: expected, found: "\(found)")
  }

  /// An error about the shape of an input.
  func badShape(_ input: Int, expected: String, found: [Int]) -> GraphError {
    .shapeMismatch(node: context.name, input: "\(input)", expected: expected, found: Shape(found).description)
  }
}
