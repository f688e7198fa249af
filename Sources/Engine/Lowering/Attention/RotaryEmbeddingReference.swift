import Graph

/// Rotates pairs of elements of each head by angles of their position.

///

/// Su et al., "RoFormer" (2021).
enum RotaryEmbeddingReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    var values = try node.values(0, as: real)
    let cosines = try node.values(1, as: real), sines = try node.values(2, as: real)
    let positions = try node.optionalValues(3, as: Int64.self)
    let stepsFirst = input.shape.count == 3
    let steps = input.shape[stepsFirst ? 1 : 2]
    let heads = stepsFirst ? try node.context.int("num_heads") : input.shape[1]
    guard heads > 0, let last = input.shape.last, !stepsFirst || last % heads == 0 else {
      throw node.badShape(0, expected: "a last size that \(heads) heads divide", found: input.shape)
    }
    let depth = stepsFirst ? last / heads : last
    let rotary = try node.context.int("rotary_embedding_dim", default: 0)
    let rotated = rotary == 0 ? depth : rotary
    guard rotated > 0, rotated <= depth, rotated % 2 == 0 else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "rotary_embedding_dim", expected: "an even size up to \(depth)",
        found: "\(rotated)")
    }
    let half = rotated / 2
    let interleaved = try node.context.bool("interleaved", default: false)
    let cache = try node.tensor(1).shape
    let rows = cosines.count / max(half, 1)
    guard cache.last == half, try node.tensor(2).shape == cache,
      positions == nil ? rows == input.shape[0] * steps : cache.count == 2,
      positions.map({ $0.count == input.shape[0] * steps }) ?? true
    else { throw node.badShape(1, expected: "angles of \(half) pairs for each position", found: cache) }
    for item in 0..<input.shape[0] {
      for step in 0..<steps {
        var row = item * steps + step
        if let positions {
          guard positions[row] >= 0, positions[row] < rows else {
            throw node.badValue(3, expected: "positions below \(rows)", found: positions[row])
          }
          row = Int(positions[row])
        }
        for head in 0..<heads {
          let start =
            stepsFirst
            ? ((item * steps + step) * heads + head) * depth : ((item * heads + head) * steps + step) * depth
          for pair in 0..<half {
            let first = start + (interleaved ? 2 * pair : pair), second = interleaved ? first + 1 : first + half
            let (cosine, sine) = (cosines[row * half + pair], sines[row * half + pair])
            let (x, y) = (values[first], values[second])
            values[first] = cosine * x - sine * y
            values[second] = sine * x + cosine * y
          }
        }
      }
    }
    return [try node.result(values, shape: input.shape, type: input.dataType)]
  }
}
