extension OperatorSchema {
  /// Tensors out of nothing, and conversions between element types.
  static let creation: [OperatorSchema] = [
    OperatorSchema(
      "Constant", versions: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25], inputs: 0...0,
      attributes: [
        "value", "sparse_value", "value_float", "value_floats", "value_int", "value_ints", "value_string",
        "value_strings",
      ]
    ) { context throws(GraphError) in
      let value = try context.constantValue()
      return [.tensor(value.dataType, Shape(value.shape))]
    },
    OperatorSchema("ConstantOfShape", versions: [9, 20, 21, 23, 24, 25], inputs: 1...1, attributes: ["value"]) {
      context throws(GraphError) in
      let type = try context.tensor("value")?.dataType ?? .float32
      _ = try context.dataType(0, in: [.int64])
      if let sizes = try context.dimensions(0) { return [.tensor(type, Shape(sizes))] }
      return [.tensor(type, try context.shape(0, rank: 1)?[0].size.map(Shape.init(unknownOfRank:)))]
    },
    OperatorSchema("Range", versions: [11, 27], inputs: 3...3, attributes: ["stash_type"]) {
      context throws(GraphError) in
      for index in 1...2 { try context.requireSameType(index) }
      let count = try context.rangeCount()
      return [.tensor(try context.dataType(0, in: .numbers), Shape([count.map(Dimension.known) ?? .unknown]))]
    },
    OperatorSchema("EyeLike", versions: [9, 22], inputs: 1...1, attributes: ["dtype", "k"]) {
      context throws(GraphError) in
      let type = try context.dataType("dtype", default: try context.dataType(0))
      return [.tensor(type, try context.shape(0, rank: 2))]
    },
    OperatorSchema(
      "Cast", versions: [1, 6, 9, 13, 19, 21, 23, 24, 25, 28], inputs: 1...1,
      attributes: ["to", "saturate", "round_mode"]
    ) { context throws(GraphError) in [.tensor(try context.castType(), try context.shape(0))] },
    OperatorSchema(
      "CastLike", versions: [15, 19, 21, 23, 24, 25], inputs: 2...2, attributes: ["saturate", "round_mode"]
    ) { context throws(GraphError) in [.tensor(try context.dataType(1), try context.shape(0))] },
    OperatorSchema("BitCast", versions: [26], inputs: 1...1, attributes: ["to"]) { context throws(GraphError) in
      let (type, target) = (try context.dataType(0), try context.dataType("to"))
      guard type.bitWidth == target.bitWidth, type != .string else {
        throw .typeMismatch(
          node: context.name, input: "0", expected: "a type of \(target.bitWidth) bits", found: "\(type)")
      }
      return [.tensor(target, try context.shape(0))]
    },
  ]

  /// Random tensors.
  static let random: [OperatorSchema] = [
    OperatorSchema(
      "RandomNormal", versions: [1, 22], inputs: 0...0, attributes: ["dtype", "mean", "scale", "seed", "shape"],
      infer: ofShapeAttribute),
    OperatorSchema(
      "RandomUniform", versions: [1, 22], inputs: 0...0, attributes: ["dtype", "high", "low", "seed", "shape"],
      infer: ofShapeAttribute),
    like("RandomNormalLike", [1, 22], attributes: ["mean", "scale"]),
    like("RandomUniformLike", [1, 22], attributes: ["high", "low"]),
    like("Bernoulli", [15, 22], attributes: []),
    OperatorSchema(
      "Multinomial", versions: [7, 22], inputs: 1...1, attributes: ["dtype", "sample_size", "seed"]
    ) { context throws(GraphError) in
      _ = try context.dataType(0, in: .floats)
      let type = try context.dataType("dtype", default: .int32)
      let batch = try context.shape(0, rank: 2)?[0] ?? .unknown
      return [.tensor(type, Shape([batch, .known(try context.int("sample_size", default: 1))]))]
    },
  ]

  private static func ofShapeAttribute(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let sizes = try context.ints("shape") ?? []
    guard sizes.allSatisfy({ $0 >= 0 }) else {
      throw .invalidAttribute(node: context.name, attribute: "shape", expected: "sizes", found: "\(sizes)")
    }
    return [.tensor(try context.dataType("dtype", default: .float32), Shape(sizes))]
  }

  private static func like(_ name: String, _ versions: [Int], attributes: Set<String>) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 1...1, attributes: attributes.union(["dtype", "seed"])) {
      context throws(GraphError) in
      [.tensor(try context.dataType("dtype", default: try context.dataType(0)), try context.shape(0))]
    }
  }
}

extension NodeContext {
  /// What a `Constant` gives.
  package func constantValue() throws(GraphError) -> Tensor {
    guard node.attributes.count <= 1 else {
      throw .invalidAttribute(
        node: name, attribute: "value", expected: "one value", found: "\(node.attributes.keys.sorted())")
    }
    for (key, attribute) in node.attributes {
      switch (key, attribute) {
      case ("value", .tensor(let tensor)), ("sparse_value", .tensor(let tensor)): return tensor
      case ("value_float", .float(let value)): return Tensor(scalar: value)
      case ("value_int", .int(let value)): return Tensor(scalar: Int64(value))
      case ("value_string", .string(let value)): return Tensor(shape: [], strings: [value])
      case ("value_floats", .floats(let values)): return Tensor(shape: [values.count], values)
      case ("value_ints", .ints(let values)): return Tensor(shape: [values.count], values.map(Int64.init))
      case ("value_strings", .strings(let values)): return Tensor(shape: [values.count], strings: values)
      default: continue
      }
    }
    throw .invalidAttribute(node: name, attribute: "value", expected: "a value", found: "nothing")
  }

  /// The type that `Cast` converts to; a name in version 1.
  package func castType() throws(GraphError) -> DataType {
    guard case .string(let name)? = node.attributes["to"] else { return try dataType("to") }
    guard let type = DataType.allCases.first(where: { $0.description == name.lowercased() }) else {
      throw .invalidAttribute(node: self.name, attribute: "to", expected: "a data type of ONNX", found: name)
    }
    return type
  }

  /// The number of elements of a `Range`, if its inputs are known.
  package func rangeCount() throws(GraphError) -> Int? {
    var bounds: [Double] = []
    for index in 0..<3 {
      guard let tensor = constant(index), tensor.count == 1 else { return nil }
      let value =
        tensor.integers?.first.map(Double.init) ?? tensor.elements(Float.self)?.first.map(Double.init)
        ?? tensor.elements(Double.self)?.first
      guard let value else { return nil }
      bounds.append(value)
    }
    return try rangeCount(start: bounds[0], limit: bounds[1], delta: bounds[2])
  }

  /// The number of steps from a start to below a limit.
  package func rangeCount(start: Double, limit: Double, delta: Double) throws(GraphError) -> Int {
    let steps = ((limit - start) / delta).rounded(.up)
    guard delta != 0, steps < 0x1p62 else {
      throw .invalidValue(
        node: name, input: "delta", expected: "a step that leads to the limit",
        found: "\(start) to \(limit) by \(delta)")
    }
    return steps > 0 ? Int(steps) : 0
  }
}
