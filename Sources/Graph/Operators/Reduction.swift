extension OperatorSchema {
  /// Functions of all elements along axes.
  static let reduction: [OperatorSchema] = [
    reduce("ReduceL1", [1, 11, 13, 18]),
    reduce("ReduceL2", [1, 11, 13, 18]),
    reduce("ReduceLogSum", [1, 11, 13, 18, 28]),
    reduce("ReduceLogSumExp", [1, 11, 13, 18, 28]),
    reduce("ReduceMax", [1, 11, 12, 13, 18, 20], of: Set<DataType>.numbers.union([.bool])),
    reduce("ReduceMean", [1, 11, 13, 18]),
    reduce("ReduceMin", [1, 11, 12, 13, 18, 20], of: Set<DataType>.numbers.union([.bool])),
    reduce("ReduceProd", [1, 11, 13, 18]),
    reduce("ReduceSum", [1, 11, 13], axesInputSince: 13),
    reduce("ReduceSumSquare", [1, 11, 13, 18]),
    argument("ArgMax"),
    argument("ArgMin"),
    OperatorSchema(
      "TopK", versions: [1, 10, 11, 24], inputs: 1...2, outputs: 2...2,
      attributes: ["axis", "k", "largest", "sorted"], infer: topK),
  ]

  private static func reduce(
    _ name: String, _ versions: [Int], of types: Set<DataType> = .numbers, axesInputSince version: Int = 18
  ) -> OperatorSchema {
    OperatorSchema(
      name, versions: versions, inputs: 1...2, attributes: ["axes", "keepdims", "noop_with_empty_axes"]
    ) { context throws(GraphError) in
      let type = try context.dataType(0, in: types)
      guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
      let keepsDimensions = try context.bool("keepdims", default: true)
      guard let axes = try context.reducedAxes(rank: shape.rank, axesInputSince: version) else {
        return [.tensor(type, keepsDimensions ? Shape(unknownOfRank: shape.rank) : nil)]
      }
      return [.tensor(type, shape.reduced(axes, keepsDimensions: keepsDimensions))]
    }
  }

  private static func argument(_ name: String) -> OperatorSchema {
    OperatorSchema(
      name, versions: [1, 11, 12, 13], inputs: 1...1, attributes: ["axis", "keepdims", "select_last_index"]
    ) { context throws(GraphError) in
      _ = try context.dataType(0, in: .numbers)
      guard let shape = try context.shape(0) else { return [.tensor(.int64, nil)] }
      let axis = try context.axis(try context.int("axis", default: 0), rank: shape.rank)
      if shape[axis] == 0 {
        throw .shapeMismatch(node: context.name, input: "0", expected: "elements along axis \(axis)", found: "\(shape)")
      }
      let keepsDimensions = try context.bool("keepdims", default: true)
      return [.tensor(.int64, shape.reduced([axis], keepsDimensions: keepsDimensions))]
    }
  }

  private static func topK(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0, in: .numbers)
    guard var shape = try context.shape(0) else { return [.tensor(type, nil), .tensor(.int64, nil)] }
    let axis = try context.axis(try context.int("axis", default: -1), rank: shape.rank)
    if context.version >= 10 { _ = try context.dataType(1, in: [.int64]) }
    let count = context.version < 10 ? try context.int("k") : try context.integers(1)?.first
    if let count {
      guard count >= 0, count <= shape[axis].size ?? .max else {
        throw .invalidValue(node: context.name, input: "K", expected: "0 to \(shape[axis])", found: "\(count)")
      }
    }
    shape[axis] = count.map(Dimension.known) ?? .unknown
    return [.tensor(type, shape), .tensor(.int64, shape)]
  }
}

extension NodeContext {
  /// The axes that a reduction removes, from the front; nil if only running tells.
  package func reducedAxes(rank: Int, axesInputSince version: Int) throws(GraphError) -> [Int]? {
    switch try axes(input: 1, sinceVersion: version) {
    case .unknown: return nil
    case .known(let axes) where !axes.isEmpty: return try normalized(axes, rank: rank)
    default: return try bool("noop_with_empty_axes", default: false) ? [] : Array(0..<rank)
    }
  }
}

extension Shape {
  /// The shape without some axes, or with size 1 in their places.
  package func reduced(_ axes: [Int], keepsDimensions: Bool) -> Shape {
    if keepsDimensions { return Shape(dimensions.indices.map { axes.contains($0) ? 1 : dimensions[$0] }) }
    return Shape(dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] })
  }
}
