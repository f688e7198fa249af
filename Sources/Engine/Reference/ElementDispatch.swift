import Graph

/// Work that is generic over the numbers of a tensor: written once, specialized for each type in which references compute.
///
///     struct Negate: NumericVisitor {
///       let input: Tensor
///       func visit<E: NumericElement>(_: E.Type) throws(GraphError) -> Tensor { … }
///     }
///     let result = try x.dataType.visit(Negate(input: x), in: evaluation)
///
/// Narrower types, such as `float16` or `int4`, are widened before and narrowed after: see `Tensor.widened()`.
package protocol NumericVisitor {
  associatedtype Output
  /// Works on elements of this type.
  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Output
}

/// Work that is generic over floating-point numbers.
package protocol RealVisitor {
  associatedtype Output
  /// Works on elements of this type.
  func visit<Element: RealElement>(_ element: Element.Type) throws(GraphError) -> Output
}

/// Work that is generic over whole numbers.
package protocol IntegerVisitor {
  associatedtype Output
  /// Works on elements of this type.
  func visit<Element: NumericElement & FixedWidthInteger>(_ element: Element.Type) throws(GraphError) -> Output
}

extension DataType {
  /// Calls the visitor with the Swift type of this data type.
  ///
  /// - Throws: `GraphError.unsupported` for types in which references do not compute: widen those first.
  package func visit<V: NumericVisitor>(_ visitor: V, in evaluation: Evaluation) throws(GraphError) -> V.Output {
    switch self {
    case .float32: try visitor.visit(Float.self)
    case .float64: try visitor.visit(Double.self)
    case .int64: try visitor.visit(Int64.self)
    case .int32: try visitor.visit(Int32.self)
    case .int16: try visitor.visit(Int16.self)
    case .int8: try visitor.visit(Int8.self)
    case .uint64: try visitor.visit(UInt64.self)
    case .uint32: try visitor.visit(UInt32.self)
    case .uint16: try visitor.visit(UInt16.self)
    case .uint8: try visitor.visit(UInt8.self)
    default: throw evaluation.unsupported(self)
    }
  }

  /// Calls the visitor with `Float` or `Double`.
  ///
  /// - Throws: `GraphError.unsupported` for other types.
  package func visit<V: RealVisitor>(real visitor: V, in evaluation: Evaluation) throws(GraphError) -> V.Output {
    switch self {
    case .float32: try visitor.visit(Float.self)
    case .float64: try visitor.visit(Double.self)
    default: throw evaluation.unsupported(self)
    }
  }

  /// Calls the visitor with the Swift type of this integer type.
  ///
  /// - Throws: `GraphError.unsupported` for other types.
  package func visit<V: IntegerVisitor>(integer visitor: V, in evaluation: Evaluation) throws(GraphError) -> V.Output {
    switch self {
    case .int64: try visitor.visit(Int64.self)
    case .int32: try visitor.visit(Int32.self)
    case .int16: try visitor.visit(Int16.self)
    case .int8: try visitor.visit(Int8.self)
    case .uint64: try visitor.visit(UInt64.self)
    case .uint32: try visitor.visit(UInt32.self)
    case .uint16: try visitor.visit(UInt16.self)
    case .uint8: try visitor.visit(UInt8.self)
    default: throw evaluation.unsupported(self)
    }
  }
}

extension Evaluation {
  /// The error for an element type that the operator has no arithmetic for.
  package func unsupported(_ type: DataType) -> GraphError {
    .unsupported(node: context.name, operator: context.node.op, reason: "no arithmetic on elements of type \(type)")
  }

  /// The error for contents that the operator cannot take.
  package func invalid(_ input: Int, expected: String, found: String) -> GraphError {
    .invalidValue(node: context.name, input: "\(input)", expected: expected, found: found)
  }
}

extension Tensor {
  /// Lends the elements, whose type the caller knows.
  ///
  /// - Throws: a type mismatch if the caller was wrong.
  package func borrow<Element: TensorElement, Result>(
    _ element: Element.Type, _ body: (Span<Element>) throws(GraphError) -> Result
  ) throws(GraphError) -> Result {
    guard let result = try withElements(of: element, body) else {
      throw .typeMismatch(node: "", input: "", expected: "\(Element.dataType)", found: "\(self)")
    }
    return result
  }

  /// The elements as an array, whose type the caller knows.
  package func array<Element: TensorElement>(_ element: Element.Type) throws(GraphError) -> [Element] {
    guard let result = elements(element) else {
      throw .typeMismatch(node: "", input: "", expected: "\(Element.dataType)", found: "\(self)")
    }
    return result
  }
}
