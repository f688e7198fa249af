import Graph

/// Puts each element where `MaxPool` found it, zeros elsewhere.
enum MaxUnpoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    guard try node.tensor(1).shape == input.shape else {
      throw node.badShape(1, expected: Shape(input.shape).description, found: try node.tensor(1).shape)
    }
    let window = try node.context.slidingWindow(spatialRank: input.shape.count - 2)
    // Indices count in the image that the window implies, even if a larger one is demanded.
    let implied =
      Array(input.shape[..<2])
      + window.kernel.indices.map {
        window.unpooledSize($0, size: input.shape[2 + $0])
      }
    let demanded = try node.optionalValues(2, as: Int64.self)?.map(Int.init) ?? implied
    guard demanded.count == implied.count, zip(demanded, implied).allSatisfy({ $0 >= $1 }) else {
      throw node.badValue(2, expected: "sizes of at least \(implied)", found: demanded)
    }
    var result = try node.filled(R.zero, shape: demanded)
    let count = implied.reduce(1, *)
    let values = try node.values(0, as: real)
    for (value, index) in zip(values, try node.values(1, as: Int64.self)) {
      guard index >= 0, index < count else { throw node.badValue(1, expected: "indices below \(count)", found: index) }
      var (rest, position, stride) = (Int(index), 0, 1)
      for axis in implied.indices.reversed() {
        position += rest % implied[axis] * stride
        rest /= implied[axis]
        stride *= demanded[axis]
      }
      result[position] = value
    }
    return [try node.result(result, shape: demanded, type: input.dataType)]
  }
}
