/// Nested loops over tensors of one shape and different strides, with as few loops as they allow.
///
/// Axes of size 1 are dropped; neighbours that every tensor walks as one are merged: adding [64, 1, 1] to [2, 64, 7, 7] takes
/// three loops (2, 64, 49), adding equal shapes takes one.
public struct StridedLoops: Hashable, Sendable {
  /// Sizes, the outermost first.
  public private(set) var sizes: [Int] = []
  /// For every tensor, elements from one step of each loop to the next.
  public private(set) var strides: [[Int]]

  /// Collapses loops.
  ///
  /// - Parameters:
  ///   - sizes: the shape.
  ///   - strides: one list per tensor, as long as the shape.
  public init(sizes: [Int], strides: [[Int]]) {
    self.strides = strides.map { _ in [] }
    for axis in sizes.indices where sizes[axis] != 1 {
      let last = self.sizes.count - 1
      let merges =
        last >= 0 && strides.indices.allSatisfy { self.strides[$0][last] == strides[$0][axis] * sizes[axis] }
      if merges {
        self.sizes[last] *= sizes[axis]
        for t in strides.indices { self.strides[t][last] = strides[t][axis] }
      } else {
        self.sizes.append(sizes[axis])
        for t in strides.indices { self.strides[t].append(strides[t][axis]) }
      }
    }
  }

  /// Loops in this order, without collapsing.
  init(reordering sizes: [Int], strides: [[Int]]) {
    self.sizes = sizes
    self.strides = strides
  }

  /// Number of elements.
  public var count: Int { sizes.reduce(1, *) }

  /// Strides of a contiguous tensor.
  public static func contiguous(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// Strides of a contiguous tensor that is broadcast to `shape`: 0 along the axes that it lacks or has size 1 in.
  public static func broadcast(_ tensor: [Int], to shape: [Int]) -> [Int] {
    let missing = shape.count - tensor.count
    return [Int](repeating: 0, count: missing) + zip(tensor, contiguous(tensor)).map { $0 == 1 ? 0 : $1 }
  }

  /// The offsets, in elements, of the tensors at step `index` of the loops but the innermost `inner`.
  func offset(_ tensor: Int, outerIndex index: Int, inner: Int) -> Int {
    var (rest, offset) = (index, 0)
    for axis in stride(from: sizes.count - inner - 1, through: 0, by: -1) {
      offset += rest % sizes[axis] * strides[tensor][axis]
      rest /= sizes[axis]
    }
    return offset
  }
}
