import Graph

/// Products by numpy's rules: matrices in the last two axes, the others broadcast, vectors promoted.
enum MatMulReference: NumericReference {
  @_specialize(where E == Float)
  @_specialize(where E == Double)
  @_specialize(where E == Int32)
  @_specialize(where E == Int64)
  static func evaluate<E: NumericElement>(_ node: Evaluation, as element: E.Type) throws(GraphError) -> [RuntimeValue] {
    let geometry = try MatMulGeometry(node, 0, 1)
    let values = try multiply(try node.values(0, as: element), try node.values(1, as: element), geometry, node)
    return [try node.result(values, shape: geometry.output, type: try node.tensor(0).dataType)]
  }

  /// The products of all matrices of a batch; whole numbers wrap around.
  @_specialize(where E == Float)
  @_specialize(where E == Double)
  @_specialize(where E == Int32)
  @_specialize(where E == Int64)
  static func multiply<E: NumericElement>(
    _ left: [E], _ right: [E], _ g: MatMulGeometry, _ node: Evaluation
  ) throws(GraphError) -> [E] {
    var result = try node.filled(E.zero, shape: g.output)
    let (a, b) = (left.span, right.span)
    var c = result.mutableSpan
    for (item, offset) in g.offsets.enumerated() {
      for row in 0..<g.rows {
        let target = (item * g.rows + row) * g.columns
        for p in 0..<g.depth {
          let x = a[offset.left + row * g.leftStrides.row + p * g.leftStrides.column]
          let source = offset.right + p * g.rightStrides.row
          for column in 0..<g.columns {
            c[target &+ column] = c[target &+ column].plus(x.times(b[source &+ column &* g.rightStrides.column]))
          }
        }
      }
    }
    return result
  }
}

/// Sizes and steps of a batch of matrix products.
struct MatMulGeometry: Sendable {
  /// Rows of the left matrices and of the results.
  let rows: Int
  /// The inner size.
  let depth: Int
  /// Columns of the right matrices and of the results.
  let columns: Int
  /// Where the operands of each product start.
  let offsets: [(left: Int, right: Int)]
  /// Elements from one row and from one column to the next, on the left.
  let leftStrides: (row: Int, column: Int)
  /// The same on the right.
  let rightStrides: (row: Int, column: Int)
  /// The shape of the result.
  let output: [Int]

  /// Reads the geometry of two inputs; a transposition swaps the last two axes.
  init(
    _ node: Evaluation, _ left: Int, _ right: Int, transA: Bool = false, transB: Bool = false
  ) throws(GraphError) {
    let (shapeA, shapeB) = (try node.tensor(left).shape, try node.tensor(right).shape)
    let matrixA = shapeA.count == 1 ? [1, shapeA[0]] : Array(shapeA.suffix(2))
    let matrixB = shapeB.count == 1 ? [shapeB[0], 1] : Array(shapeB.suffix(2))
    let (swapA, swapB) = (transA && shapeA.count > 1, transB && shapeB.count > 1)
    rows = matrixA[swapA ? 1 : 0]
    depth = matrixA[swapA ? 0 : 1]
    columns = matrixB[swapB ? 0 : 1]
    guard matrixB[swapB ? 1 : 0] == depth else {
      throw node.badShape(right, expected: "an inner size of \(depth)", found: shapeB)
    }
    leftStrides = swapA ? (1, matrixA[1]) : (matrixA[1], 1)
    rightStrides = swapB ? (1, matrixB[1]) : (matrixB[1], 1)

    let (batchA, batchB) = (Array(shapeA.dropLast(2)), Array(shapeB.dropLast(2)))
    let batch = try node.broadcastShape([batchA, batchB])
    let stepsA = StridedWalk.broadcastStrides(batchA, to: batch),
      stepsB = StridedWalk.broadcastStrides(batchB, to: batch)
    var offsets: [(left: Int, right: Int)] = []
    var index = [Int](repeating: 0, count: batch.count)
    if !batch.contains(0) {
      repeat {
        var (a, b) = (0, 0)
        for axis in batch.indices {
          a += index[axis] * stepsA[axis]
          b += index[axis] * stepsB[axis]
        }
        offsets.append((a * matrixA[0] * matrixA[1], b * matrixB[0] * matrixB[1]))
      } while advance(&index, within: batch)
    }
    self.offsets = offsets
    output = batch + (shapeA.count == 1 ? [] : [rows]) + (shapeB.count == 1 ? [] : [columns])
  }
}

/// alpha * A * B + beta * C.
enum GemmReference: NumericReference {
  @_specialize(where E == Float)
  @_specialize(where E == Double)
  static func evaluate<E: NumericElement>(_ node: Evaluation, as element: E.Type) throws(GraphError) -> [RuntimeValue] {
    let geometry = try MatMulGeometry(
      node, 0, 1, transA: try node.context.bool("transA", default: false),
      transB: try node.context.bool("transB", default: false))
    var values = try MatMulReference.multiply(
      try node.values(0, as: element), try node.values(1, as: element), geometry, node)
    let alpha = try node.context.float("alpha", default: 1), beta = try node.context.float("beta", default: 1)
    if alpha != 1 { for i in values.indices { values[i] = E(numeric: Double(alpha) * values[i].double) } }
    if let added = try node.optionalValues(2, as: element), beta != 0 {
      let strides = StridedWalk.broadcastStrides(try node.tensor(2).shape, to: geometry.output)
      for row in 0..<geometry.rows {
        for column in 0..<geometry.columns {
          let term = added[row * strides[0] + column * strides[1]]
          let i = row * geometry.columns + column
          values[i] = values[i].plus(beta == 1 ? term : E(numeric: Double(beta) * term.double))
        }
      }
    }
    return [try node.result(values, shape: geometry.output, type: try node.tensor(0).dataType)]
  }
}
