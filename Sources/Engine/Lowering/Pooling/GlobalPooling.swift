import Graph

/// One number for each channel of an image.
enum GlobalPool {
  @inline(__always)
  static func evaluate<R: RealElement>(
    _ node: Evaluation, as real: R.Type, initial: R, _ combine: (R, R) -> R, finish: (R, Int) -> R
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let size = input.shape[2...].reduce(1, *)
    let shape = Array(input.shape[..<2]) + input.shape[2...].map { _ in 1 }
    let values = try node.values(0, as: real)
    var result = try node.filled(initial, shape: shape)
    for plane in result.indices {
      var total = initial
      for i in (plane * size)..<((plane + 1) * size) { total = combine(total, values[i]) }
      result[plane] = finish(total, size)
    }
    return [try node.result(result, shape: shape, type: input.dataType)]
  }
}

/// The mean of each channel.
enum GlobalAveragePoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    try GlobalPool.evaluate(node, as: real, initial: 0, { $0 + $1 }, finish: { $0 / R($1) })
  }
}

/// The greatest element of each channel.
enum GlobalMaxPoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    try GlobalPool.evaluate(
      node, as: real, initial: -.infinity, { $1 > $0 || $1.isNaN ? $1 : $0 }, finish: { greatest, _ in greatest })
  }
}

/// The Lp norm of each channel.
enum GlobalLpPoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let p = R(try node.context.int("p", default: 2))
    return try GlobalPool.evaluate(
      node, as: real, initial: 0, { $0 + $1.magnitude.power(p) }, finish: { sum, _ in sum.power(1 / p) })
  }
}
