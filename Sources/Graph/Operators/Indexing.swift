extension OperatorSchema {
  /// Operators that move elements to or from places that data say.
  static let indexing: [OperatorSchema] = [
    OperatorSchema("Gather", versions: [1, 11, 13], inputs: 2...2, attributes: ["axis"], infer: gather),
    OperatorSchema("GatherElements", versions: [11, 13], inputs: 2...2, attributes: ["axis"]) {
      context throws(GraphError) in
      let type = try context.dataType(0)
      _ = try context.dataType(1, in: .indices)
      if let shape = try context.shape(0) { _ = try context.shape(1, rank: shape.rank) }
      return [.tensor(type, try context.shape(1))]
    },
    OperatorSchema(
      "GatherND", versions: [11, 12, 13], inputs: 2...2, attributes: ["batch_dims"], infer: gatherND),
    scatter("Scatter", [9, 11], attributes: ["axis"]),
    scatter("ScatterElements", [11, 13, 16, 18], attributes: ["axis", "reduction"]),
    scatter("ScatterND", [11, 13, 16, 18], attributes: ["reduction"]),
    OperatorSchema(
      "TensorScatter", versions: [24], inputs: 2...3, attributes: ["axis", "mode"]
    ) { context throws(GraphError) in
      try context.requireSameType(1)
      return [try context.type(0)]
    },
    OperatorSchema("OneHot", versions: [9, 11, 28], inputs: 3...3, attributes: ["axis"], infer: oneHot),
    OperatorSchema("NonZero", versions: [9, 13], inputs: 1...1) { context throws(GraphError) in
      let rank = try context.shape(0)?.rank
      return [.tensor(.int64, Shape([rank.map(Dimension.known) ?? .unknown, .unknown]))]
    },
    OperatorSchema(
      "Unique", versions: [11, 28], inputs: 1...1, outputs: 1...4, attributes: ["axis", "sorted"], infer: unique),
    OperatorSchema("Compress", versions: [9, 11, 28], inputs: 2...2, attributes: ["axis"]) {
      context throws(GraphError) in
      let type = try context.dataType(0)
      _ = try context.dataType(1, in: [.bool])
      guard var shape = try context.shape(0), context.hasAttribute("axis") else {
        return [.tensor(type, context.hasAttribute("axis") ? nil : [.unknown])]
      }
      shape[try context.axis(try context.int("axis"), rank: shape.rank)] = .unknown
      return [.tensor(type, shape)]
    },
  ]

  private static func gather(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    _ = try context.dataType(1, in: .indices)
    guard let data = try context.shape(0), let indices = try context.shape(1) else { return [.tensor(type, nil)] }
    let axis = try context.axis(try context.int("axis", default: 0), rank: data.rank)
    return [
      .tensor(type, Shape(data.dimensions[..<axis] + indices.dimensions + data.dimensions[(axis + 1)...]))
    ]
  }

  private static func gatherND(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    _ = try context.dataType(1, in: [.int64])
    let batch = try context.int("batch_dims", default: 0)
    guard let data = try context.shape(0), let indices = try context.shape(1),
      let depth = indices.dimensions.last?.size
    else { return [.tensor(type, nil)] }
    guard batch >= 0, batch < indices.rank, depth >= 0, depth <= data.rank - batch else {
      throw .shapeMismatch(
        node: context.name, input: "indices", expected: "indices within \(data) behind \(batch) batch dimensions",
        found: "\(indices)"
      )
    }
    return [.tensor(type, Shape(indices.dimensions.dropLast() + data.dimensions[(batch + depth)...]))]
  }

  private static func scatter(_ name: String, _ versions: [Int], attributes: Set<String>) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 3...3, attributes: attributes) { context throws(GraphError) in
      _ = try context.dataType(1, in: .indices)
      try context.requireSameType(2)
      return [try context.type(0)]
    }
  }

  private static func oneHot(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(2)
    _ = try context.dataType(0, in: .numbers)
    _ = try context.dataType(1, in: .numbers)
    guard let indices = try context.shape(0) else { return [.tensor(type, nil)] }
    let axis = try context.axis(try context.int("axis", default: -1), rank: indices.rank + 1)
    let depth = context.constant(1).flatMap(\.integers)?.first
    var dimensions = indices.dimensions
    dimensions.insert(depth.map(Dimension.known) ?? .unknown, at: axis)
    return [.tensor(type, Shape(dimensions))]
  }

  private static func unique(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    var output: Shape? = [.unknown]
    if context.hasAttribute("axis") {
      output = try context.shape(0)
      if let shape = output { output?[try context.axis(try context.int("axis"), rank: shape.rank)] = .unknown }
    }
    let places = ValueType.tensor(.int64, [.unknown])
    return [.tensor(type, output), places, places, places]
  }
}
