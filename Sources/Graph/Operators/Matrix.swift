extension OperatorSchema {
  /// Products of matrices.
  static let matrix: [OperatorSchema] = [
    OperatorSchema("MatMul", versions: [1, 9, 13], inputs: 2...2) { node throws(GraphError) in
      let type = try node.dataType(0, in: products)
      try node.expectType(type, of: [1])
      return [.tensor(type, try node.matrixProduct(0, 1))]
    },
    OperatorSchema(
      "Gemm", versions: [6, 7, 9, 11, 13], inputs: 2...3,
      attributes: ["alpha", "beta", "broadcast", "transA", "transB"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: products)
      try node.expectType(type, of: [1, 2])
      guard node.version >= 11 || node.hasInput(2) else { throw .missingInput(node: node.name, input: "C") }
      let a = try node.shape(0, rank: 2), b = try node.shape(1, rank: 2)
      let (transA, transB) = (try node.bool("transA", default: false), try node.bool("transB", default: false))
      if let a, let b {
        try node.expectDepth(a[transA ? 0 : 1], b[transB ? 1 : 0], of: 1)
      }
      let shape = Shape([a.map { $0[transA ? 1 : 0] } ?? .unknown, b.map { $0[transB ? 0 : 1] } ?? .unknown])
      try node.expectBroadcast(2, to: shape)
      return [.tensor(type, shape)]
    },
    OperatorSchema("Einsum", versions: [12, 28], inputs: 1...Int.max, attributes: ["equation"]) {
      node throws(GraphError) in
      let type = try node.dataType(0, in: products.union([.int8, .int16, .uint8, .uint16]))
      try node.expectType(type, of: Array(1..<max(node.inputCount, 1)))
      return [.tensor(type, try node.einsumShape())]
    },
    OperatorSchema("Det", versions: [11, 22], inputs: 1...1) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      guard let x = try node.shape(0) else { return [.tensor(type, nil)] }
      guard x.rank >= 2, x[x.rank - 1].size == nil || x[x.rank - 2].size == nil || x[x.rank - 1] == x[x.rank - 2] else {
        throw .shapeMismatch(node: node.name, input: "0", expected: "square matrices", found: "\(x)")
      }
      return [.tensor(type, Shape(Array(x.dimensions.dropLast(2))))]
    },
    OperatorSchema("MatMulInteger", versions: [10], inputs: 2...4) { node throws(GraphError) in
      try node.expectType(try node.dataType(0, in: .bytes), of: [2])
      try node.expectType(try node.dataType(1, in: .bytes), of: [3])
      return [.tensor(.int32, try node.matrixProduct(0, 1))]
    },
    OperatorSchema("QLinearMatMul", versions: [10, 21], inputs: 8...8) { node throws(GraphError) in
      for (data, zeroPoint) in [(0, 2), (3, 5)] {
        try node.expectType(try node.dataType(data, in: quantized), of: [zeroPoint])
      }
      for scale in [1, 4, 6] { _ = try node.dataType(scale, in: .floats) }
      return [.tensor(try node.dataType(7, in: quantized), try node.matrixProduct(0, 3))]
    },
  ]

  private static let products: Set<DataType> = Set<DataType>.floats.union([.int32, .int64, .uint32, .uint64])
  private static let quantized: Set<DataType> =
    Set<DataType>.bytes.union([.float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ])
}

extension NodeContext {
  /// The shape of a product of two inputs by numpy's rules: matrices in the last two axes, the others broadcast, vectors promoted.
  func matrixProduct(
    _ first: Int, _ second: Int, transA: Bool = false, transB: Bool = false
  ) throws(GraphError) -> Shape? {
    guard let a = try shape(first), let b = try shape(second) else { return nil }
    guard a.rank > 0, b.rank > 0 else {
      throw .shapeMismatch(
        node: name, input: "\(a.rank == 0 ? first : second)", expected: "of rank 1 or more", found: "scalar")
    }
    let (rowsA, columnsA) = a.rank == 1 ? (nil, a[0]) : (a[a.rank - 2], a[a.rank - 1])
    let (rowsB, columnsB) = b.rank == 1 ? (b[0], nil) : (b[b.rank - 2], b[b.rank - 1])
    let (rows, depthA) = transA && a.rank > 1 ? (columnsA, rowsA ?? columnsA) : (rowsA, columnsA)
    let (depthB, columns) = transB && b.rank > 1 ? (columnsB ?? rowsB, rowsB) : (rowsB, columnsB)
    try expectDepth(depthA, depthB, of: second)
    let batch = try broadcastBatch(a.dimensions.dropLast(2), b.dimensions.dropLast(2), of: second)
    return Shape(batch + [rows, columns].compactMap { $0 })
  }

  /// Checks that two matrices have the same inner size.
  func expectDepth(_ a: Dimension, _ b: Dimension, of input: Int) throws(GraphError) {
    if let a = a.size, let b = b.size, a != b {
      throw .shapeMismatch(node: name, input: "\(input)", expected: "an inner size of \(a)", found: "\(b)")
    }
  }

  /// Axes that two operands share, sizes of one stretched.
  private func broadcastBatch(
    _ a: ArraySlice<Dimension>, _ b: ArraySlice<Dimension>, of input: Int
  ) throws(GraphError) -> [Dimension] {
    let rank = max(a.count, b.count)
    let left = Array(repeating: Dimension.known(1), count: rank - a.count) + a
    let right = Array(repeating: Dimension.known(1), count: rank - b.count) + b
    var result: [Dimension] = []
    for (x, y) in zip(left, right) {
      guard let both = x.broadcast(with: y) else {
        throw .shapeMismatch(node: name, input: "\(input)", expected: "\(x) for an axis of the batch", found: "\(y)")
      }
      result.append(both)
    }
    return result
  }

  /// The shape of the result of an equation, if the ranks of all operands are known.
  fileprivate func einsumShape() throws(GraphError) -> Shape? {
    var shapes: [Shape] = []
    for index in 0..<inputCount {
      guard let shape = try shape(index) else { return nil }
      shapes.append(shape)
    }
    let equation = try einsumEquation(ranks: shapes.map(\.rank))
    var sizes = [Dimension](repeating: 1, count: equation.labelCount)
    for (operand, (labels, shape)) in zip(equation.operands, shapes).enumerated() {
      for (label, dimension) in zip(labels, shape.dimensions) {
        guard let both = sizes[label].broadcast(with: dimension) else {
          throw .shapeMismatch(
            node: name, input: "\(operand)", expected: "\(sizes[label]) for an axis of '\(try string("equation"))'",
            found: "\(shape)")
        }
        sizes[label] = both
      }
    }
    return Shape(equation.output.map { sizes[$0] })
  }

  /// The attribute `equation`, resolved against the ranks of all operands.
  package func einsumEquation(ranks: [Int]) throws(GraphError) -> EinsumEquation {
    let text = try string("equation")
    do throws(EinsumEquation.Malformed) {
      return try EinsumEquation(text, ranks: ranks)
    } catch {
      throw invalid("equation", expected: "one that fits its operands: \(error.reason)", found: text)
    }
  }
}
