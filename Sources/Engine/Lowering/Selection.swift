import Graph

extension Lowering {
  /// Choices between elements, and running sums.
  static let selections: [Lowering] = [
    Lowering("Where") { node throws(GraphError) in
      let (condition, x, y) = (try node.tensor(0), try node.tensor(1), try node.tensor(2))
      let shape = try node.broadcastShape([condition.shape, x.shape, y.shape])
      try node.checkedCount(shape, of: x.dataType)
      return [.tensor(try x.dataType.visit(moving: Choice(condition: condition, x: x, y: y, shape: shape)))]
    }.lowered(by: LoopKernel.select).flowing(.elementwise),
    Lowering("Clip") { node throws(GraphError) in
      let input = try node.tensor(0)
      var result = input
      if let least = try bound(node, 1, "min") {
        result = try .combining(result, least, Maximum(), in: node)
      }
      if let greatest = try bound(node, 2, "max") {
        result = try .combining(result, greatest, Minimum(), in: node)
      }
      return [.tensor(result.reshaped(input.shape))]
    }.lowered(by: UnaryKernel.clip).flowing(.elementwise),
    Lowering("CumSum") { node throws(GraphError) in try cumulative(node, start: 0, Sum()) }
      .flowing(.cumulativeSum),
    Lowering("CumProd") { node throws(GraphError) in try cumulative(node, start: 1, Product()) }
      .flowing(.cumulativeSum),
  ]

  /// A bound of `Clip`, an attribute before version 11, as a scalar.
  private static func bound(_ node: Evaluation, _ index: Int, _ attribute: String) throws(GraphError) -> Tensor? {
    if node.version >= 11 { return try node.optionalTensor(index)?.reshaped([]) }
    guard node.context.hasAttribute(attribute) else { return nil }
    return Tensor(scalar: try node.context.float(attribute)).narrowed(to: try node.tensor(0).dataType)
  }

  private static func cumulative(
    _ node: Evaluation, start: Int64, _ function: some BinaryFunction
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    guard let axis = try node.tensor(1).integers, axis.count == 1 else {
      throw .shapeMismatch(node: node.context.name, input: "1", expected: "scalar", found: "\(try node.tensor(1))")
    }
    let wide = input.widened()
    let scan = Accumulation(
      input: wide, axis: try node.context.axis(axis[0], rank: input.shape.count), start: start,
      isExclusive: try node.context.bool("exclusive", default: false),
      isReversed: try node.context.bool("reverse", default: false), function: function)
    return [.tensor(try wide.dataType.visit(scan, in: node).narrowed(to: input.dataType))]
  }
}

private struct Choice: MovementVisitor {
  let condition: Tensor
  let x: Tensor
  let y: Tensor
  let shape: [Int]

  func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
    try condition.borrow(Bool8.self) { c throws(GraphError) in
      try Pattern.borrow(x) { a throws(GraphError) in
        try Pattern.borrow(y) { b throws(GraphError) in
          try Pattern.make(x.dataType, shape) { output throws(GraphError) in choose(c, a, b, &output) }
        }
      }
    }
  }

  @inline(__always)
  private func choose<Pattern>(
    _ c: Span<Bool8>, _ a: Span<Pattern>, _ b: Span<Pattern>, _ output: inout MutableSpan<Pattern>
  ) {
    var walk = StridedWalk(broadcasting: [condition.shape, x.shape, y.shape], to: shape)
    let steps = walk.rowStrides
    for _ in 0..<walk.rowCount {
      let (start, i, j, k) = (walk.offsets[0], walk.offsets[1], walk.offsets[2], walk.offsets[3])
      for n in 0..<walk.rowLength {
        output[start + n] = c[i + n * steps[1]].value ? a[j + n * steps[2]] : b[k + n * steps[3]]
      }
      walk.advance()
    }
  }
}

private struct Accumulation<Function: BinaryFunction>: NumericVisitor {
  let input: Tensor
  let axis: Int
  let start: Int64
  let isExclusive: Bool
  let isReversed: Bool
  let function: Function

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    let size = input.shape[axis]
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    let outer = input.shape[..<axis].reduce(1, *)
    return try input.borrow(element) { x throws(GraphError) in
      Tensor(shape: input.shape, of: element) { output in
        for o in 0..<outer {
          for i in 0..<inner {
            var sum = Element(numeric: start)
            for step in 0..<size {
              let index = (o * size + (isReversed ? size - 1 - step : step)) * inner + i
              let next = function(sum, x[index])
              output[index] = isExclusive ? sum : next
              sum = next
            }
          }
        }
      }
    }
  }
}
