import Graph

/// Elements that are moved and never read: patterns of bits of one width, or text.
///
/// So each operator that only moves elements is one generic function for all data types. Elements of less than a byte are
/// unpacked to bytes before and packed after.
package protocol ElementPattern: Sendable {
  /// What fills new elements: all bits 0, or no text.
  static var blank: Self { get }
  /// Lends the elements of a tensor of this width.
  static func borrow<Result>(
    _ tensor: Tensor, _ body: (Span<Self>) throws(GraphError) -> Result
  ) throws(GraphError) -> Result
  /// Makes a tensor whose elements, blank at first, `fill` writes.
  static func make(
    _ dataType: DataType, _ shape: [Int], fill: (inout MutableSpan<Self>) throws(GraphError) -> Void
  ) throws(GraphError) -> Tensor
}

/// A movement of elements, written once for all widths.
package protocol MovementVisitor {
  associatedtype Output
  /// Moves elements of this pattern.
  func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Output
}

extension DataType {
  /// Calls the visitor with the pattern of this type's elements.
  package func visit<V: MovementVisitor>(moving visitor: V) throws(GraphError) -> V.Output {
    switch bitWidth {
    case 0: try visitor.visit(String.self)
    case 16: try visitor.visit(UInt16.self)
    case 32: try visitor.visit(UInt32.self)
    case 64: try visitor.visit(UInt64.self)
    case 128: try visitor.visit(Complex128.self)
    default: try visitor.visit(UInt8.self)
    }
  }
}

/// A complex number of two doubles.
package struct Complex128: TensorElement, ElementPattern, Equatable {
  /// Real part.
  var real: Double
  /// Imaginary part.
  var imaginary: Double
  package static var dataType: DataType { .complex128 }
  package static var blank: Complex128 { Complex128(real: 0, imaginary: 0) }
}

extension UInt8: ElementPattern {
  package static var blank: UInt8 { 0 }

  package static func borrow<Result>(
    _ tensor: Tensor, _ body: (Span<UInt8>) throws(GraphError) -> Result
  ) throws(GraphError) -> Result {
    if let codes = tensor.unpackedCodes() { return try body(codes.span) }
    return try tensor.viewed(as: .uint8).borrow(UInt8.self, body)
  }

  package static func make(
    _ dataType: DataType, _ shape: [Int], fill: (inout MutableSpan<UInt8>) throws(GraphError) -> Void
  ) throws(GraphError) -> Tensor {
    guard dataType.bitWidth < 8 else {
      return try Tensor(shape: shape, of: UInt8.self, fill: fill).viewed(as: dataType)
    }
    var codes = [UInt8](repeating: 0, count: shape.reduce(1, *))
    var span = codes.mutableSpan
    try fill(&span)
    return Tensor(shape: shape, packing: codes, as: dataType)
  }
}

extension ElementPattern where Self: TensorElement {
  package static func borrow<Result>(
    _ tensor: Tensor, _ body: (Span<Self>) throws(GraphError) -> Result
  ) throws(GraphError) -> Result {
    try tensor.viewed(as: Self.dataType).borrow(Self.self, body)
  }

  package static func make(
    _ dataType: DataType, _ shape: [Int], fill: (inout MutableSpan<Self>) throws(GraphError) -> Void
  ) throws(GraphError) -> Tensor {
    try Tensor(shape: shape, of: Self.self, fill: fill).viewed(as: dataType)
  }
}

extension UInt16: ElementPattern {
  package static var blank: UInt16 { 0 }
}

extension UInt32: ElementPattern {
  package static var blank: UInt32 { 0 }
}

extension UInt64: ElementPattern {
  package static var blank: UInt64 { 0 }
}

extension String: ElementPattern {
  package static var blank: String { "" }

  package static func borrow<Result>(
    _ tensor: Tensor, _ body: (Span<String>) throws(GraphError) -> Result
  ) throws(GraphError) -> Result {
    let strings = tensor.strings ?? []
    return try body(strings.span)
  }

  package static func make(
    _ dataType: DataType, _ shape: [Int], fill: (inout MutableSpan<String>) throws(GraphError) -> Void
  ) throws(GraphError) -> Tensor {
    var strings = [String](repeating: "", count: shape.reduce(1, *))
    var span = strings.mutableSpan
    try fill(&span)
    return Tensor(shape: shape, strings: strings)
  }
}

extension Tensor {
  /// The same bits as elements of another type of the same width.
  package func viewed(as type: DataType) -> Tensor {
    guard case .bytes(let storage) = contents else { return self }
    return Tensor(dataType: type, shape: shape, storage: storage)
  }
}
