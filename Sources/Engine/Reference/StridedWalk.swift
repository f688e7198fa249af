import Graph

/// Walks several operands together over one shape, row by row, each with its own strides.
///
/// Neighbouring dimensions that all operands step through evenly are merged, so rows are as long as can be:
///
///     var walk = StridedWalk(sizes: shape, strides: [a, b])
///     for _ in 0..<walk.rowCount {
///       // element i of the row: operand k at walk.offsets[k] + i * walk.rowStrides[k]
///       walk.advance()
///     }
package struct StridedWalk {
  /// The number of rows; 0 if the shape is empty.
  package let rowCount: Int
  /// Elements of a row.
  package let rowLength: Int
  /// The step of each operand within a row.
  package let rowStrides: [Int]
  /// Where the current row of each operand starts.
  package private(set) var offsets: [Int]
  private let sizes: [Int]
  private let strides: [[Int]]
  private var position: [Int]

  /// Plans a walk.
  ///
  /// - Parameters:
  ///   - sizes: the common shape.
  ///   - strides: for each operand the step of each dimension, in elements; 0 where it is stretched.
  ///   - offsets: where each operand starts; 0 by default.
  package init(sizes: [Int], strides: [[Int]], offsets: [Int]? = nil) {
    var merged: [(size: Int, strides: [Int])] = []
    for axis in sizes.indices where sizes[axis] != 1 {
      let steps = strides.map { $0[axis] }
      if let last = merged.last, zip(last.strides, steps).allSatisfy({ $0 == $1 &* sizes[axis] }) {
        merged[merged.count - 1] = (last.size * sizes[axis], steps)
      } else {
        merged.append((sizes[axis], steps))
      }
    }
    let row = merged.popLast() ?? (1, strides.map { _ in 1 })
    rowLength = row.size
    rowStrides = row.strides
    rowCount = row.size == 0 ? 0 : merged.reduce(1) { $0 * $1.size }
    self.sizes = merged.map(\.size)
    self.strides = merged.map(\.strides)
    self.offsets = offsets ?? strides.map { _ in 0 }
    position = merged.map { _ in 0 }
  }

  /// Goes to the next row.
  package mutating func advance() {
    var axis = sizes.count - 1
    while axis >= 0 {
      position[axis] += 1
      if position[axis] < sizes[axis] {
        for operand in offsets.indices { offsets[operand] += strides[axis][operand] }
        return
      }
      position[axis] = 0
      for operand in offsets.indices { offsets[operand] -= strides[axis][operand] * (sizes[axis] - 1) }
      axis -= 1
    }
  }
}

extension StridedWalk {
  /// A walk over a shape that all operands broadcast to; operand 0 is the result, in row-major order.
  package init(broadcasting shapes: [[Int]], to shape: [Int]) {
    self.init(
      sizes: shape,
      strides: [Self.rowMajorStrides(shape)] + shapes.map { Self.broadcastStrides($0, to: shape) })
  }

  /// The steps of a row-major tensor.
  package static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] &* shape[axis + 1] }
    return strides
  }

  /// The steps of a row-major tensor that is stretched to a shape: 0 along dimensions of size 1 and those it lacks.
  package static func broadcastStrides(_ shape: [Int], to target: [Int]) -> [Int] {
    let own = rowMajorStrides(shape)
    let missing = target.count - shape.count
    return target.indices.map { axis in
      axis < missing || shape[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }
}

extension Evaluation {
  /// The shape that shapes broadcast to.
  ///
  /// - Throws: a shape mismatch naming the first input that does not fit those before it.
  package func broadcastShape(_ shapes: [[Int]]) throws(GraphError) -> [Int] {
    var result = Shape([Int]())
    for (index, shape) in shapes.enumerated() {
      result = try context.broadcast(result, Shape(shape), input: "\(index)")
    }
    return result.sizes ?? []
  }
}
