import Graph

extension Lowering {
  /// Operators that move elements to or from places that data say.
  static let indexing: [Lowering] = [
    Lowering("Gather", evaluate: gather).lowered(by: MovementKernel.gather).flowing(.gather),
    Lowering("GatherElements") { node throws(GraphError) in
      let (input, indices) = (try node.tensor(0), try node.tensor(1))
      let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
      let offsets = try node.elementOffsets(of: indices, in: input.shape, axis: axis, input: 1)
      return [.tensor(try input.gathered(offsets, block: 1, shape: indices.shape))]
    }.flowing(.gatherElements),
    Lowering("GatherND", evaluate: gatherND),
    Lowering("Scatter", evaluate: scatterElements),
    Lowering("ScatterElements", evaluate: scatterElements),
    Lowering("ScatterND", evaluate: scatterND),
    Lowering("TensorScatter", evaluate: tensorScatter),
    Lowering("OneHot", evaluate: OneHot.evaluate),
    Lowering("NonZero", evaluate: nonZero),
    Lowering("Unique", evaluate: Unique.evaluate),
    Lowering("Compress", evaluate: compress),
  ]

  private static func gather(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
    let size = input.shape[axis]
    let indices = try node.indices(1, size: size)
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: input.dataType)
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    var offsets: [Int] = []
    for outer in 0..<input.shape[..<axis].reduce(1, *) {
      offsets += indices.map { (outer * size + $0) * inner }
    }
    return [.tensor(try input.gathered(offsets, block: inner, shape: shape))]
  }

  private static func gatherND(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (input, indices) = (try node.tensor(0), try node.tensor(1))
    let batch = try node.context.int("batch_dims", default: 0)
    guard Array(input.shape.prefix(batch)) == Array(indices.shape.prefix(batch)) else {
      throw .shapeMismatch(
        node: node.context.name, input: "indices", expected: "\(Shape(input.shape)) in \(batch) batch dimensions",
        found: "\(indices)")
    }
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: input.dataType)
    let (offsets, block) = try node.tupleOffsets(of: indices, in: input.shape, batch: batch, input: 1)
    return [.tensor(try input.gathered(offsets, block: block, shape: shape))]
  }

  private static func scatterElements(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (data, indices, updates) = (try node.tensor(0), try node.tensor(1), try node.tensor(2))
    guard indices.shape == updates.shape, indices.shape.count == data.shape.count else {
      throw .shapeMismatch(
        node: node.context.name, input: "updates", expected: "\(Shape(indices.shape))", found: "\(updates)")
    }
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: data.shape.count)
    let offsets = try node.elementOffsets(of: indices, in: data.shape, axis: axis, input: 1)
    return [.tensor(try data.scattered(updates, to: offsets, block: 1, in: node))]
  }

  private static func scatterND(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (data, indices, updates) = (try node.tensor(0), try node.tensor(1), try node.tensor(2))
    guard let depth = indices.shape.last, depth <= data.shape.count,
      updates.shape == indices.shape.dropLast() + data.shape[depth...]
    else {
      throw .shapeMismatch(
        node: node.context.name, input: "updates", expected: "one that fits data \(data) and indices \(indices)",
        found: "\(updates)")
    }
    let (offsets, block) = try node.tupleOffsets(of: indices, in: data.shape, batch: 0, input: 1)
    return [.tensor(try data.scattered(updates, to: offsets, block: block, in: node))]
  }

  private static func tensorScatter(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (cache, update) = (try node.tensor(0), try node.tensor(1))
    let rank = cache.shape.count
    let axis = try node.context.axis(try node.context.int("axis", default: -2), rank: rank)
    let mode = try node.context.string("mode", default: "linear")
    var expected = cache.shape
    guard axis > 0, update.shape.count == rank, update.shape[axis] <= cache.shape[axis] else {
      throw .shapeMismatch(node: node.context.name, input: "update", expected: "\(cache)", found: "\(update)")
    }
    expected[axis] = update.shape[axis]
    guard update.shape == expected, mode == "linear" || mode == "circular" else {
      throw .shapeMismatch(node: node.context.name, input: "update", expected: "\(Shape(expected))", found: "\(update)")
    }
    let starts = try node.optionalTensor(2)?.integers ?? [Int](repeating: 0, count: cache.shape[0])
    let (size, length) = (cache.shape[axis], update.shape[axis])
    guard starts.count == cache.shape[0],
      starts.allSatisfy({ $0 >= 0 && $0 < max(size, 1) && (mode == "circular" || $0 + length <= size) })
    else { throw node.invalid(2, expected: "\(cache.shape[0]) places within \(size)", found: "\(starts)") }
    let inner = cache.shape[(axis + 1)...].reduce(1, *)
    let perBatch = cache.shape[1..<axis].reduce(1, *)
    var offsets: [Int] = []
    for prefix in 0..<(cache.shape[0] * perBatch) {
      for step in 0..<length { offsets.append((prefix * size + (starts[prefix / perBatch] + step) % size) * inner) }
    }
    return [.tensor(try cache.scattered(update, to: offsets, block: inner, in: node))]
  }

  private static func nonZero(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let flags = input.dataType == .bool ? input : input.converted(to: .bool) ?? input
    let places = flags.elements(Bool8.self)?.enumerated().filter(\.element.value).map(\.offset) ?? []
    let strides = StridedWalk.rowMajorStrides(input.shape)
    let result = zip(strides, input.shape).flatMap { stride, size in places.map { Int64($0 / stride % size) } }
    return [.tensor(Tensor(shape: [input.shape.count, places.count], result))]
  }

  private static func compress(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    var input = try node.tensor(0)
    let condition = try node.tensor(1).elements(Bool8.self) ?? []
    if !node.context.hasAttribute("axis") { input = input.reshaped([input.count]) }
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
    let size = input.shape[axis]
    let kept = condition.prefix(size).enumerated().filter(\.element.value).map(\.offset)
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    var shape = input.shape
    shape[axis] = kept.count
    var offsets: [Int] = []
    for outer in 0..<input.shape[..<axis].reduce(1, *) { offsets += kept.map { (outer * size + $0) * inner } }
    return [.tensor(try input.gathered(offsets, block: inner, shape: shape))]
  }
}

/// Puts one value at the place that each index says, another elsewhere.
enum OneHot {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (indices, values) = (try node.tensor(0), try node.tensor(2))
    let written = try node.tensor(1)
    let depth = written.converted(to: .int64) ?? written
    guard let count = depth.integers?.first, count >= 0, depth.count == 1, values.count == 2 else {
      throw node.invalid(1, expected: "one depth and two values", found: "\(depth), \(values)")
    }
    let axis = try node.context.axis(try node.context.int("axis", default: -1), rank: indices.shape.count + 1)
    var shape = indices.shape
    shape.insert(count, at: axis)
    try node.checkedCount(shape, of: values.dataType)
    let places = indices.dataType == .int64 ? indices.integers : indices.converted(to: .int64)?.integers
    let movement = Movement(
      places: places ?? [], values: values, shape: shape, depth: count,
      inner: indices.shape[axis...].reduce(1, *))
    return [.tensor(try values.dataType.visit(moving: movement))]
  }

  private struct Movement: MovementVisitor {
    let places: [Int]
    let values: Tensor
    let shape: [Int]
    let depth: Int
    let inner: Int

    func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
      let (off, on) = try Pattern.borrow(values) { span throws(GraphError) in (span[0], span[1]) }
      return try Pattern.make(values.dataType, shape) { target throws(GraphError) in
        for i in target.indices { target[i] = off }
        for (index, written) in places.enumerated() {
          let place = written < 0 ? written + depth : written
          if (0..<depth).contains(place) {
            target[(index / inner * depth + place) * inner + index % inner] = on
          }
        }
      }
    }
  }
}
