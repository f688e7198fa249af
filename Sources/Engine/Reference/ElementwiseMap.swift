import Graph

/// A function of one number of any type.
package protocol NumericFunction: Sendable {
  func callAsFunction<Element: NumericElement>(_ x: Element) -> Element
}

/// A function of one floating-point number.
package protocol RealFunction: Sendable {
  func callAsFunction<Real: RealElement>(_ x: Real) -> Real
}

/// A function of two numbers of one type.
package protocol BinaryFunction: Sendable {
  func callAsFunction<Element: NumericElement>(_ a: Element, _ b: Element) -> Element
}

/// A relation of two elements of one type.
package protocol ElementRelation: Sendable {
  func callAsFunction<Element: Comparable>(_ a: Element, _ b: Element) -> Bool
}

extension Tensor {
  /// A tensor of a function of each element, computed in the type that `widened` gives and rounded once.
  package func applying(_ function: some NumericFunction, in evaluation: Evaluation) throws(GraphError) -> Tensor {
    let wide = widened()
    return try wide.dataType.visit(NumericMap(input: wide, function: function), in: evaluation).narrowed(to: dataType)
  }

  /// A tensor of a function of each floating-point element, computed at least in `float` and rounded once.
  package func applying(real function: some RealFunction, in evaluation: Evaluation) throws(GraphError) -> Tensor {
    let wide = widened()
    return try wide.dataType.visit(real: RealMap(input: wide, function: function), in: evaluation)
      .narrowed(to: dataType)
  }

  /// A tensor of a function of the elements of two tensors of one type, which broadcast together.
  package static func combining(
    _ a: Tensor, _ b: Tensor, _ function: some BinaryFunction, in evaluation: Evaluation
  ) throws(GraphError) -> Tensor {
    let shape = try evaluation.broadcastShape([a.shape, b.shape])
    try evaluation.checkedCount(shape, of: a.dataType)
    let (x, y) = (a.widened(), b.widened())
    return try x.dataType.visit(BinaryMap(a: x, b: y, shape: shape, function: function), in: evaluation)
      .narrowed(to: a.dataType)
  }

  /// Truth values of a relation of the elements of two tensors of one type, which broadcast together.
  package static func comparing(
    _ a: Tensor, _ b: Tensor, _ relation: some ElementRelation, in evaluation: Evaluation
  ) throws(GraphError) -> Tensor {
    let shape = try evaluation.broadcastShape([a.shape, b.shape])
    try evaluation.checkedCount(shape, of: .bool)
    if let x = a.strings, let y = b.strings {
      return try relate(x.span, y.span, shapes: (a.shape, b.shape), to: shape, relation)
    }
    let (x, y) = (a.comparable(), b.comparable())
    return try x.dataType.visit(RelationMap(a: x, b: y, shape: shape, relation: relation), in: evaluation)
  }

  /// The same elements in a type that compares as they do: truth values as 0 and 1.
  private func comparable() -> Tensor { (dataType == .bool ? converted(to: .uint8) : nil) ?? widened() }

  /// Rounds results of `widened` elements to the type that they came from.
  package func narrowed(to type: DataType) -> Tensor { converted(to: type) ?? self }
}

private struct NumericMap<Function: NumericFunction>: NumericVisitor {
  let input: Tensor
  let function: Function

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    input.map(element, to: element) { function($0) } ?? input
  }
}

private struct RealMap<Function: RealFunction>: RealVisitor {
  let input: Tensor
  let function: Function

  func visit<Element: RealElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    input.map(element, to: element) { function($0) } ?? input
  }
}

private struct BinaryMap<Function: BinaryFunction>: NumericVisitor {
  let a: Tensor
  let b: Tensor
  let shape: [Int]
  let function: Function

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    try a.borrow(element) { x throws(GraphError) in
      try b.borrow(element) { y throws(GraphError) in
        Tensor(shape: shape, of: element) { output in
          combine(x, y, shapes: (a.shape, b.shape), to: shape, &output) { function($0, $1) }
        }
      }
    }
  }
}

private struct RelationMap<Relation: ElementRelation>: NumericVisitor {
  let a: Tensor
  let b: Tensor
  let shape: [Int]
  let relation: Relation

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    try a.borrow(element) { x throws(GraphError) in
      try b.borrow(element) { y throws(GraphError) in
        try relate(x, y, shapes: (a.shape, b.shape), to: shape, relation)
      }
    }
  }
}

@inline(__always)
private func relate<Element: Comparable>(
  _ x: Span<Element>, _ y: Span<Element>, shapes: ([Int], [Int]), to shape: [Int], _ relation: some ElementRelation
) throws(GraphError) -> Tensor {
  Tensor(shape: shape, of: Bool8.self) { output in
    combine(x, y, shapes: shapes, to: shape, &output) { Bool8(relation($0, $1)) }
  }
}

/// Writes a function of the elements of two spans, which broadcast to a shape.
@inline(__always)
package func combine<A, B, Output>(
  _ x: Span<A>, _ y: Span<B>, shapes: ([Int], [Int]), to shape: [Int], _ output: inout MutableSpan<Output>,
  _ function: (A, B) -> Output
) {
  var walk = StridedWalk(broadcasting: [shapes.0, shapes.1], to: shape)
  let (stepX, stepY, count) = (walk.rowStrides[1], walk.rowStrides[2], walk.rowLength)
  for _ in 0..<walk.rowCount {
    let (start, i, j) = (walk.offsets[0], walk.offsets[1], walk.offsets[2])
    switch (stepX, stepY) {
    case (1, 1): for k in 0..<count { output[start + k] = function(x[i + k], y[j + k]) }
    case (1, 0):
      let b = y[j]
      for k in 0..<count { output[start + k] = function(x[i + k], b) }
    case (0, 1):
      let a = x[i]
      for k in 0..<count { output[start + k] = function(a, y[j + k]) }
    default: for k in 0..<count { output[start + k] = function(x[i + k * stepX], y[j + k * stepY]) }
    }
    walk.advance()
  }
}
