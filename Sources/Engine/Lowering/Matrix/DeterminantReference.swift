import Graph

/// Determinants of the matrices in the last two axes, by elimination with row exchanges.
enum DeterminantReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    guard let size = input.shape.last, input.shape.count >= 2, input.shape[input.shape.count - 2] == size else {
      throw node.badShape(0, expected: "square matrices", found: input.shape)
    }
    let batch = Array(input.shape.dropLast(2))
    let values = try node.values(0, as: real)
    var result = try node.filled(R(1), shape: batch)
    for item in result.indices {
      var matrix = Array(values[(item * size * size)..<((item + 1) * size * size)])
      result[item] = determinant(&matrix, size)
    }
    return [try node.result(result, shape: batch, type: input.dataType)]
  }

  private static func determinant<R: RealElement>(_ m: inout [R], _ n: Int) -> R {
    var product: R = 1
    for k in 0..<n {
      guard let pivot = (k..<n).max(by: { m[$0 * n + k].magnitude < m[$1 * n + k].magnitude }) else { return product }
      if m[pivot * n + k] == 0 { return 0 }
      if pivot != k {
        for j in 0..<n { m.swapAt(k * n + j, pivot * n + j) }
        product = -product
      }
      product *= m[k * n + k]
      for i in (k + 1)..<max(n, k + 1) {
        let factor = m[i * n + k] / m[k * n + k]
        for j in k..<n { m[i * n + j] -= factor * m[k * n + j] }
      }
    }
    return product
  }
}
