extension OperatorSchema {
  /// Shapes of tensors, and the same elements under other shapes.
  static let shape: [OperatorSchema] = [
    OperatorSchema(
      "Shape", versions: [1, 13, 15, 19, 21, 23, 24, 25], inputs: 1...1, attributes: ["start", "end"], infer: shapeOf),
    OperatorSchema("Size", versions: [1, 13, 19, 21, 23, 24, 25], inputs: 1...1) { context throws(GraphError) in
      _ = try context.dataType(0)
      return [.tensor(.int64, [])]
    },
    OperatorSchema(
      "Reshape", versions: [5, 13, 14, 19, 21, 23, 24, 25], inputs: 2...2, attributes: ["allowzero"], infer: reshape),
    OperatorSchema(
      "Flatten", versions: [1, 9, 11, 13, 21, 23, 24, 25], inputs: 1...1, attributes: ["axis"], infer: flatten),
    OperatorSchema(
      "Squeeze", versions: [1, 11, 13, 21, 23, 24, 25], inputs: 1...2, attributes: ["axes"], infer: squeeze),
    OperatorSchema(
      "Unsqueeze", versions: [1, 11, 13, 21, 23, 24, 25], inputs: 1...2, attributes: ["axes"], infer: unsqueeze),
    OperatorSchema(
      "Transpose", versions: [1, 13, 21, 23, 24, 25], inputs: 1...1, attributes: ["perm"], infer: transpose),
    OperatorSchema("Expand", versions: [8, 13], inputs: 2...2, infer: expand),
    OperatorSchema("Identity", versions: [1, 13, 14, 16, 19, 21, 23, 24, 25], inputs: 1...1) {
      context throws(GraphError) in [try context.type(0)]
    },
  ]

  private static func shapeOf(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    guard let shape = try context.shape(0) else { return [.tensor(.int64, [.unknown])] }
    return [.tensor(.int64, Shape([try context.shapeRange(rank: shape.rank).count]))]
  }

  private static func reshape(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let (type, input) = (try context.dataType(0), try context.shape(0))
    _ = try context.dataType(1, in: [.int64])
    guard let target = try context.dimensions(1) else {
      let rank = try context.shape(1, rank: 1)?[0].size
      return [.tensor(type, rank.map(Shape.init(unknownOfRank:)))]
    }
    let allowsZero = try context.bool("allowzero", default: false)
    return [.tensor(type, try context.reshaped(input, to: target, allowsZero: allowsZero))]
  }

  private static func flatten(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard let shape = try context.shape(0) else { return [.tensor(type, Shape(unknownOfRank: 2))] }
    let written = try context.int("axis", default: 1)
    guard (-shape.rank...shape.rank).contains(written) else {
      throw .invalidAttribute(
        node: context.name, attribute: "axis", expected: "\(-shape.rank) to \(shape.rank)", found: "\(written)")
    }
    let axis = written < 0 ? written + shape.rank : written
    let front = shape.dimensions[..<axis].reduce(Dimension.known(1)) { $0.multiplied(by: $1) }
    let back = shape.dimensions[axis...].reduce(Dimension.known(1)) { $0.multiplied(by: $1) }
    return [.tensor(type, Shape([front, back]))]
  }

  private static func squeeze(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
    switch try context.axes(input: 1, sinceVersion: 13) {
    case .known(let axes):
      let removed = try context.normalized(axes, rank: shape.rank)
      for axis in removed {
        guard let size = shape[axis].size, size != 1 else { continue }
        throw .shapeMismatch(node: context.name, input: "0", expected: "1 at axis \(axis)", found: "\(shape)")
      }
      return [.tensor(type, Shape(shape.dimensions.indices.filter { !removed.contains($0) }.map { shape[$0] }))]
    case .absent:
      guard shape.sizes != nil else { return [.tensor(type, nil)] }
      return [.tensor(type, Shape(shape.dimensions.filter { $0 != 1 }))]
    case .unknown(let count):
      return [.tensor(type, count.flatMap { $0 <= shape.rank ? Shape(unknownOfRank: shape.rank - $0) : nil })]
    }
  }

  private static func unsqueeze(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
    switch try context.axes(input: 1, sinceVersion: 13) {
    case .known(let axes):
      let rank = shape.rank + axes.count
      let added = try context.normalized(axes, rank: rank)
      var rest = shape.dimensions.makeIterator()
      return [.tensor(type, Shape((0..<rank).map { added.contains($0) ? 1 : rest.next() ?? 1 }))]
    case .absent: throw .missingInput(node: context.name, input: "axes")
    case .unknown(let count): return [.tensor(type, count.map { Shape(unknownOfRank: shape.rank + $0) })]
    }
  }

  private static func transpose(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
    return [.tensor(type, Shape(try context.permutation(rank: shape.rank).map { shape[$0] }))]
  }

  private static func expand(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    _ = try context.dataType(1, in: [.int64])
    guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
    guard let target = try context.dimensions(1) else {
      let rank = try context.shape(1, rank: 1)?[0].size
      return [.tensor(type, rank.map { Shape(unknownOfRank: max($0, shape.rank)) })]
    }
    return [.tensor(type, try context.broadcast(shape, Shape(target), input: "shape"))]
  }
}

extension NodeContext {
  /// Which dimensions `Shape` gives.
  package func shapeRange(rank: Int) throws(GraphError) -> Range<Int> {
    func clamp(_ index: Int) -> Int { min(max(index < 0 ? index + rank : index, 0), rank) }
    let start = clamp(try int("start", default: 0))
    return start..<max(start, clamp(try int("end", default: rank)))
  }

  /// For each dimension of a transposed tensor the one it was before; reversed by default.
  package func permutation(rank: Int) throws(GraphError) -> [Int] {
    guard let written = try ints("perm") else { return Array((0..<rank).reversed()) }
    guard written.sorted() == Array(0..<rank) else {
      throw .invalidAttribute(
        node: name, attribute: "perm", expected: "each axis from 0 to \(rank - 1) once", found: "\(written)")
    }
    return written
  }
}
