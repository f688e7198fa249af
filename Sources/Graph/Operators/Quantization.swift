extension OperatorSchema {
  /// Between real numbers and whole ones of few bits.
  static let quantization: [OperatorSchema] = [
    OperatorSchema(
      "QuantizeLinear", versions: [10, 13, 19, 21, 23, 24, 25, 28], inputs: 2...3,
      attributes: ["axis", "block_size", "output_dtype", "precision", "saturate"]
    ) { node throws(GraphError) in
      _ = try node.dataType(0, in: Set<DataType>.floats.union([.int32]))
      _ = try node.dataType(1, in: Set<DataType>.floats.union([.int32, .float8E8M0]))
      var type = DataType.uint8
      if node.hasAttribute("output_dtype"), try node.int("output_dtype") != 0 {
        type = try node.dataType("output_dtype")
      } else if node.hasInput(2) {
        type = try node.dataType(2)
      }
      try node.expectType(type, of: [2])
      guard quantizedTypes.contains(type) else {
        throw node.invalid("output_dtype", expected: "a quantized type", found: type)
      }
      try node.checkScale()
      return [.tensor(type, try node.shape(0))]
    },
    OperatorSchema(
      "DequantizeLinear", versions: [10, 13, 19, 21, 23, 24, 25, 28], inputs: 2...3,
      attributes: ["axis", "block_size", "output_dtype"]
    ) { node throws(GraphError) in
      let quantized = try node.dataType(0, in: quantizedTypes.union([.int32]))
      try node.expectType(quantized, of: [2])
      let scale = try node.dataType(1, in: Set<DataType>.floats.union([.float8E8M0]))
      try node.checkScale()
      var type = scale == .float8E8M0 ? .float32 : scale
      if node.hasAttribute("output_dtype"), try node.int("output_dtype") != 0 {
        type = try node.dataType("output_dtype")
        guard Set<DataType>.floats.contains(type) else {
          throw node.invalid("output_dtype", expected: "a floating-point type", found: type)
        }
      }
      return [.tensor(type, try node.shape(0))]
    },
    OperatorSchema("DynamicQuantizeLinear", versions: [11], inputs: 1...1, outputs: 1...3) { node throws(GraphError) in
      _ = try node.dataType(0, in: [.float32])
      return [.tensor(.uint8, try node.shape(0)), .tensor(.float32, []), .tensor(.uint8, [])]
    },
  ]

  private static let quantizedTypes: Set<DataType> = [
    .int8, .uint8, .int16, .uint16, .int4, .uint4, .int2, .uint2, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2,
    .float8E5M2FNUZ, .float4E2M1, .float6E2M3, .float6E3M2,
  ]
}

extension NodeContext {
  /// How the scales of a quantization spread over its data.
  package enum ScaleLayout: Hashable, Sendable {
    /// One for all.
    case perTensor
    /// One for each index of an axis.
    case perAxis(Int)
    /// One for each run of so many elements along an axis.
    case blocked(axis: Int, size: Int)
  }

  /// The layout of input 1 against input 0, both of known shape.
  package func scaleLayout(data: [Int], scale: [Int]) throws(GraphError) -> ScaleLayout {
    let blockSize = try int("block_size", default: 0)
    if blockSize == 0, scale.isEmpty || scale == [1] { return .perTensor }
    let axis = try axis(try int("axis", default: 1), rank: data.count)
    if blockSize == 0 {
      guard scale == [data[axis]] else {
        throw .shapeMismatch(
          node: name, input: "1", expected: "\(data[axis]), the size of axis \(axis)", found: Shape(scale).description)
      }
      return .perAxis(axis)
    }
    var expected = data
    guard blockSize > 0 else { throw invalid("block_size", expected: "a positive number", found: blockSize) }
    expected[axis] = (data[axis] - 1) / blockSize + 1
    if data[axis] == 0 { expected[axis] = 0 }
    guard scale == expected else {
      throw .shapeMismatch(
        node: name, input: "1", expected: Shape(expected).description, found: Shape(scale).description)
    }
    return .blocked(axis: axis, size: blockSize)
  }

  fileprivate func checkScale() throws(GraphError) {
    if let data = try shape(0)?.sizes, let scale = try shape(1)?.sizes { _ = try scaleLayout(data: data, scale: scale) }
    if hasInput(2), let scale = try shape(1), let zeroPoint = try shape(2), let a = scale.count, let b = zeroPoint.count
    {
      guard a == b else {
        throw .shapeMismatch(node: name, input: "2", expected: "\(scale)", found: "\(zeroPoint)")
      }
    }
  }
}
