import Graph

extension Lowering {
  /// Tensors out of nothing, and conversions between element types.
  static let creation: [Lowering] = [
    Lowering("Constant") { node throws(GraphError) in [.tensor(try node.context.constantValue())] },
    Lowering("ConstantOfShape") { node throws(GraphError) in
      let value = try node.context.tensor("value") ?? Tensor(scalar: Float(0))
      guard value.count == 1 else {
        throw .invalidAttribute(
          node: node.context.name, attribute: "value", expected: "one element", found: "\(value)")
      }
      let shape = try node.context.integers(0) ?? []
      try node.checkedCount(shape, of: value.dataType)
      let view = StridedView(shape: shape, strides: shape.map { _ in 0 })
      return [.tensor(try value.copied(view))]
    },
    Lowering("Range", evaluate: range),
    Lowering("EyeLike") { node throws(GraphError) in
      let input = try node.tensor(0)
      let type = try node.context.dataType("dtype", default: input.dataType)
      let diagonal = try node.context.int("k", default: 0)
      let columns = input.shape[1]
      let flags = (0..<input.count).map { Bool8($0 % columns - $0 / columns == diagonal) }
      return [.tensor(Tensor(shape: input.shape, flags).narrowed(to: type))]
    },
    Lowering("Cast") { node throws(GraphError) in try cast(node, to: try node.context.castType()) }
      .lowered(by: ConversionKernel.cast).flowing(.elementwise),
    Lowering("CastLike") { node throws(GraphError) in try cast(node, to: try node.tensor(1).dataType) }
      .lowered(by: ConversionKernel.cast).flowing(.first),
    Lowering("BitCast") { node throws(GraphError) in
      [.tensor(try node.tensor(0).viewed(as: try node.context.dataType("to")))]
    },
  ]

  private static func cast(_ node: Evaluation, to type: DataType) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let mode = try node.context.string("round_mode", default: "up")
    guard let rounding = PowerOfTwoFormat.Rounding(rawValue: mode) else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "round_mode", expected: "up, down or nearest", found: mode)
    }
    let options = ConversionOptions(saturate: try node.context.bool("saturate", default: true), rounding: rounding)
    if type == .string { return [.tensor(Tensor(shape: input.shape, strings: try node.texts(of: input)))] }
    if let strings = input.strings {
      let numbers = try node.numbers(of: strings, shape: input.shape, as: type)
      guard let result = numbers.converted(to: type, options: options) else { throw node.unsupported(type) }
      return [.tensor(result)]
    }
    guard let result = input.converted(to: type, options: options) else {
      throw .unsupported(
        node: node.context.name, operator: node.context.node.op,
        reason: "no conversion from \(input.dataType) to \(type)")
    }
    return [.tensor(result)]
  }

  private static func range(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let type = try node.tensor(0).dataType
    var bounds: [Tensor] = []
    for index in 0..<3 {
      let bound = try node.tensor(index)
      guard bound.count == 1 else {
        throw .shapeMismatch(node: node.context.name, input: "\(index)", expected: "scalar", found: "\(bound)")
      }
      bounds.append(bound)
    }
    let numbers = bounds.compactMap { ($0.converted(to: .float64) ?? $0).elements(Double.self)?.first }
    guard numbers.count == 3 else { throw node.unsupported(type) }
    let (start, delta) = (numbers[0], numbers[2])
    let count = try node.context.rangeCount(start: start, limit: numbers[1], delta: delta)
    try node.checkedCount([count], of: .float64)
    if type.isInteger {
      let whole = bounds.compactMap {
        $0.converted(to: .int64)?.elements(Int64.self)?.first ?? $0.elements(Int64.self)?.first
      }
      let (first, step) = (whole[0], whole[2])
      let values = (0..<count).map { first &+ Int64($0) &* step }
      return [.tensor(Tensor(shape: [count], values).narrowed(to: type))]
    }
    return [.tensor(Tensor(shape: [count], (0..<count).map { start + Double($0) * delta }).narrowed(to: type))]
  }
}
