import Graph

/// Matrix products of 8-bit numbers.
enum QuantizedMatMulReference {
  /// `MatMulInteger`: (a - zero point) * (b - zero point), in 32 bits.
  static func integer(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let geometry = try MatMulGeometry(node, 0, 1)
    let sums = try MatMulReference.multiply(
      try centered(node, 0, zeroPoint: 2, perRow: true), try centered(node, 1, zeroPoint: 3, perRow: false), geometry,
      node)
    return [try node.result(sums, shape: geometry.output, type: .int32)]
  }

  /// `QLinearMatMul`: the same, scaled back to 8 bits.
  static func linear(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let type = try node.tensor(7).dataType
    for input in [0, 3, 7] {
      let found = try node.tensor(input).dataType
      guard found == .int8 || found == .uint8 else { throw node.unsupported(found) }
    }
    let geometry = try MatMulGeometry(node, 0, 3)
    let sums = try MatMulReference.multiply(
      try centered(node, 0, zeroPoint: 2, perRow: true), try centered(node, 3, zeroPoint: 5, perRow: false), geometry,
      node)
    let left = try Scales(node, 1, length: geometry.rows), right = try Scales(node, 4, length: geometry.columns)
    let output = try Scales(node, 6, length: 1)
    let zeroPoint = try node.values(7, as: Int32.self).first ?? 0
    let result = sums.indices.map { i in
      let column = i % geometry.columns, row = i / geometry.columns % geometry.rows
      return Requantization.round(
        Float(sums[i]) * (left[row] * right[column] / output[0]), zeroPoint: zeroPoint, type: type)
    }
    return [try node.result(result, shape: geometry.output, type: type)]
  }

  /// One scale, or one for each row or column.
  private struct Scales {
    let values: [Float]

    init(_ node: Evaluation, _ input: Int, length: Int) throws(GraphError) {
      values = try node.values(input, as: Float.self)
      guard values.count == 1 || values.count == length else {
        throw node.badShape(input, expected: "1 or \(length) numbers", found: [values.count])
      }
    }

    subscript(index: Int) -> Float { values[values.count == 1 ? 0 : index] }
  }

  /// The elements of a matrix minus its zero point: one, or one for each row of A and each column of B.
  private static func centered(
    _ node: Evaluation, _ input: Int, zeroPoint: Int, perRow: Bool
  ) throws(GraphError) -> [Int32] {
    var values = try node.values(input, as: Int32.self)
    guard let points = try node.optionalValues(zeroPoint, as: Int32.self), !points.isEmpty else { return values }
    let shape = try node.tensor(input).shape
    let columns = shape.last ?? 1
    let rows = shape.count > 1 ? shape[shape.count - 2] : 1
    let batched = points.count == values.count / max(perRow ? columns : rows, 1)
    guard points.count == 1 || points.count == (perRow ? rows : columns) || batched else {
      throw node.badShape(
        zeroPoint, expected: "one number, or one for each \(perRow ? "row" : "column")", found: [points.count])
    }
    for i in values.indices {
      let (row, column) = (i / columns, i % columns)
      let place = perRow ? row : row / rows * columns + column
      values[i] &-= points[place % points.count]
    }
    return values
  }
}
