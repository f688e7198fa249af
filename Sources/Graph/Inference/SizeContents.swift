/// Follows sizes, known and symbolic, through the small integer tensors in which exported models compute shapes.
///
/// The tensors are vectors and scalars of `int32` or `int64`; what goes through other types or ranks is not followed.
enum SizeContents {
  /// The contents of a node's first output as sizes, if they follow from the contents of its inputs.
  static func propagate(_ context: NodeContext) -> [Dimension]? {
    guard context.node.op.domain.isEmpty, let rule = rules[context.node.op.name] else { return nil }
    return (try? rule(context)) ?? nil
  }

  private typealias Rule = @Sendable (NodeContext) throws(GraphError) -> [Dimension]?

  private static let rules: [String: Rule] = [
    "Shape": shape, "Gather": gather, "Concat": concat, "Slice": slice,
    "Identity": same, "Cast": cast, "Unsqueeze": same, "Squeeze": same, "Reshape": same,
    "Add": { context throws(GraphError) in try arithmetic(context) { $0.addingReportingOverflow($1) } },
    "Sub": { context throws(GraphError) in try arithmetic(context) { $0.subtractingReportingOverflow($1) } },
    "Mul": { context throws(GraphError) in try arithmetic(context) { $0.multipliedReportingOverflow(by: $1) } },
    "Div": { context throws(GraphError) in try arithmetic(context) { $0.dividedReportingOverflow(by: $1) } },
  ]

  private static func shape(_ context: NodeContext) throws(GraphError) -> [Dimension]? {
    guard let shape = try context.shape(0) else { return nil }
    return Array(shape.dimensions[try context.shapeRange(rank: shape.rank)])
  }

  private static func same(_ context: NodeContext) throws(GraphError) -> [Dimension]? { try sizes(0, context) }

  /// Sizes as other integers are the same sizes; arithmetic on real numbers would not round as integers do.
  private static func cast(_ context: NodeContext) throws(GraphError) -> [Dimension]? {
    Set<DataType>.indices.contains(try context.castType()) ? try sizes(0, context) : nil
  }

  /// The contents of an input that is a vector or a scalar of a type that holds sizes.
  private static func sizes(_ index: Int, _ context: NodeContext) throws(GraphError) -> [Dimension]? {
    guard Set<DataType>.indices.contains(try context.dataType(index)), let rank = try context.shape(index)?.rank,
      rank <= 1
    else { return nil }
    return try context.dimensions(index)
  }

  private static func gather(_ context: NodeContext) throws(GraphError) -> [Dimension]? {
    guard let data = try sizes(0, context), let indices = try context.integers(1) else { return nil }
    let absolute = indices.map { $0 < 0 ? $0 + data.count : $0 }
    return absolute.allSatisfy(data.indices.contains) ? absolute.map { data[$0] } : nil
  }

  private static func concat(_ context: NodeContext) throws(GraphError) -> [Dimension]? {
    var all: [Dimension] = []
    for index in 0..<context.inputCount {
      guard let part = try sizes(index, context) else { return nil }
      all += part
    }
    return all
  }

  private static func slice(_ context: NodeContext) throws(GraphError) -> [Dimension]? {
    guard let data = try sizes(0, context) else { return nil }
    let starts = try context.version < 10 ? context.ints("starts") : context.integers(1)
    let ends = try context.version < 10 ? context.ints("ends") : context.integers(2)
    let steps = try context.hasInput(4) ? context.integers(4) : [1]
    guard let starts, let ends, starts.count == 1, ends.count == 1, steps == [1] else { return nil }
    func clamp(_ index: Int) -> Int { min(max(index < 0 ? index + data.count : index, 0), data.count) }
    let start = clamp(starts[0])
    return Array(data[start..<max(start, clamp(ends[0]))])
  }

  private static func arithmetic(
    _ context: NodeContext, _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws(GraphError) -> [Dimension]? {
    guard let a = try sizes(0, context), let b = try sizes(1, context),
      a.count == b.count || a.count == 1 || b.count == 1
    else { return nil }
    return (0..<(a.count == 1 ? b.count : a.count)).map { i in
      guard let x = a[a.count == 1 ? 0 : i].size, let y = b[b.count == 1 ? 0 : i].size else { return .unknown }
      let result = operation(x, y)
      return result.overflow ? .unknown : .known(result.partialValue)
    }
  }
}
