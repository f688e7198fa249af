import Graph

/// Sums of products over named axes: two operands at a time, the axes that nothing else names summed as soon as possible.
enum EinsumReference: NumericReference {
  @_specialize(where E == Float)
  @_specialize(where E == Double)
  static func evaluate<E: NumericElement>(_ node: Evaluation, as element: E.Type) throws(GraphError) -> [RuntimeValue] {
    let shapes = try node.inputs.indices.map { index throws(GraphError) in try node.tensor(index).shape }
    let equation = try node.context.einsumEquation(ranks: shapes.map(\.count))
    var sizes = [Int](repeating: 1, count: equation.labelCount)
    for (labels, shape) in zip(equation.operands, shapes) {
      for (label, size) in zip(labels, shape) where size != 1 { sizes[label] = size }
    }
    var total = Factor(labels: [], shape: [], values: [E.one])
    for index in shapes.indices {
      let next = Factor(
        labels: equation.operands[index], shape: shapes[index], values: try node.values(index, as: element))
      let wanted = Set(equation.output).union(equation.operands[(index + 1)...].joined())
      let isLast = index == shapes.count - 1
      let labels = isLast ? equation.output : Set(total.labels + next.labels).intersection(wanted).sorted()
      total = try contract(total, next, to: labels, sizes, node)
    }
    return [try node.result(total.values, shape: total.shape, type: try node.tensor(0).dataType)]
  }

  /// A tensor whose axes have labels; a label may stand on several axes, which then are walked as their diagonal.
  private struct Factor<E: NumericElement> {
    let labels: [Int]
    let shape: [Int]
    let values: [E]

    /// The step that going one further along a label makes.
    func stride(of label: Int) -> Int {
      let steps = StridedWalk.rowMajorStrides(shape)
      return labels.indices.reduce(0) { $0 + (labels[$1] == label && shape[$1] != 1 ? steps[$1] : 0) }
    }
  }

  @inline(__always)
  private static func contract<E: NumericElement>(
    _ a: Factor<E>, _ b: Factor<E>, to labels: [Int], _ sizes: [Int], _ node: Evaluation
  ) throws(GraphError) -> Factor<E> {
    let summed = Set(a.labels + b.labels).subtracting(labels).sorted()
    let shape = labels.map { sizes[$0] }
    let inner = summed.map { sizes[$0] }
    var values = try node.filled(E.zero, shape: shape)
    let stepsA = (labels + summed).map { a.stride(of: $0) }, stepsB = (labels + summed).map { b.stride(of: $0) }
    guard !inner.contains(0), !shape.contains(0) else { return Factor(labels: labels, shape: shape, values: values) }
    let terms = InnerWalk(sizes: inner, a: Array(stepsA[labels.count...]), b: Array(stepsB[labels.count...]))
    var walk = StridedWalk(
      sizes: shape,
      strides: [StridedWalk.rowMajorStrides(shape), Array(stepsA[..<labels.count]), Array(stepsB[..<labels.count])])
    let (x, y) = (a.values.span, b.values.span)
    for _ in 0..<walk.rowCount {
      for i in 0..<walk.rowLength {
        let (p, q) = (walk.offsets[1] + i * walk.rowStrides[1], walk.offsets[2] + i * walk.rowStrides[2])
        var sum = E.zero
        for row in terms.rows {
          for j in 0..<terms.length {
            sum = sum.plus(x[p &+ row.a &+ j &* terms.stepA].times(y[q &+ row.b &+ j &* terms.stepB]))
          }
        }
        values[walk.offsets[0] + i * walk.rowStrides[0]] = sum
      }
      walk.advance()
    }
    return Factor(labels: labels, shape: shape, values: values)
  }

  /// Offsets of all terms of one sum.
  private struct InnerWalk {
    let rows: [(a: Int, b: Int)]
    let length: Int
    let stepA: Int
    let stepB: Int

    init(sizes: [Int], a: [Int], b: [Int]) {
      var walk = StridedWalk(sizes: sizes, strides: [a, b])
      var rows: [(a: Int, b: Int)] = []
      for _ in 0..<walk.rowCount {
        rows.append((walk.offsets[0], walk.offsets[1]))
        walk.advance()
      }
      self.rows = rows
      length = walk.rowLength
      (stepA, stepB) = (walk.rowStrides[0], walk.rowStrides[1])
    }
  }
}
