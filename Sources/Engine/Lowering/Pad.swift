import Graph

/// Adds elements before and behind each axis, or takes some away.
enum Pad {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let pads = try node.context.padAmounts(rank: input.shape.count) ?? []
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: input.dataType)
    let mode = try node.context.string("mode", default: "constant")
    var maps: [[Int]] = []
    for (axis, pad) in pads.enumerated() {
      let (size, begin) = (input.shape[axis], pad.begin)
      if mode == "constant" {
        maps.append((0..<shape[axis]).map { (0..<size).contains($0 - begin) ? $0 - begin : -1 })
        continue
      }
      guard let source = sources[mode] else {
        throw .invalidAttribute(
          node: node.context.name, attribute: "mode", expected: "constant, reflect, edge or wrap", found: mode)
      }
      guard size > 0 || shape[axis] == 0 else {
        throw .shapeMismatch(node: node.context.name, input: "0", expected: "elements to repeat", found: "\(input)")
      }
      maps.append((0..<shape[axis]).map { source($0 - begin, size) })
    }
    let movement = MappedMovement(input: input, shape: shape, maps: maps, fill: try fill(node, input))
    return [.tensor(try input.dataType.visit(moving: movement))]
  }

  /// For each mode the index within an axis that an index beyond it stands for.
  private static let sources: [String: @Sendable (_ index: Int, _ size: Int) -> Int] = [
    "edge": { index, size in min(max(index, 0), size - 1) },
    "wrap": { index, size in (index % size + size) % size },
    "reflect": { index, size in
      let period = max(2 * (size - 1), 1)
      let phase = (index % period + period) % period
      return phase < size ? phase : period - phase
    },
  ]

  /// What constant padding adds, as a scalar of the input's type; nil for zero.
  private static func fill(_ node: Evaluation, _ input: Tensor) throws(GraphError) -> Tensor? {
    guard node.version < 11 else {
      guard let value = try node.optionalTensor(2) else { return nil }
      guard value.count == 1, value.dataType == input.dataType else {
        throw .typeMismatch(
          node: node.context.name, input: "constant_value", expected: "one \(input.dataType)", found: "\(value)")
      }
      return value
    }
    return Tensor(scalar: try node.context.float("value", default: 0)).narrowed(to: input.dataType)
  }
}

/// Each element comes from where maps, one for each axis, say; -1 for the fill.
struct MappedMovement: MovementVisitor {
  let input: Tensor
  let shape: [Int]
  let maps: [[Int]]
  let fill: Tensor?

  func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
    var blank = Pattern.blank
    if let fill { blank = try Pattern.borrow(fill) { span throws(GraphError) in span[0] } }
    return try Pattern.borrow(input) { source throws(GraphError) in
      try Pattern.make(input.dataType, shape) { target throws(GraphError) in move(source, &target, blank) }
    }
  }

  @inline(__always)
  private func move<Pattern>(_ source: Span<Pattern>, _ target: inout MutableSpan<Pattern>, _ blank: Pattern) {
    guard let columns = maps.last else {
      if !source.isEmpty { target[0] = source[0] }
      return
    }
    let strides = StridedWalk.rowMajorStrides(input.shape)
    let rows = maps.dropLast()
    var index = rows.map { _ in 0 }
    var start = 0
    while start < target.count {
      var offset: Int? = 0
      for (axis, map) in rows.enumerated() {
        let place = map[index[axis]]
        offset = place < 0 ? nil : offset.map { $0 + place * strides[axis] }
      }
      for column in columns.indices {
        let place = columns[column]
        if let offset, place >= 0 {
          target[start + column] = source[offset + place]
        } else {
          target[start + column] = blank
        }
      }
      start += columns.count
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < rows[axis].count { break }
        index[axis] = 0
      }
    }
  }
}
