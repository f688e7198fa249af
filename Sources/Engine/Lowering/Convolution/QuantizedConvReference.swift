import Graph

/// Convolutions of 8-bit numbers with sums of 32 bits.
enum QuantizedConvReference {
  /// `ConvInteger`: (x - zero point) * (w - zero point), in 32 bits.
  static func integer(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let geometry = try ConvGeometry(node, weights: 1)
    let sums = try ConvReference.convolve(
      try centered(node, 0, zeroPoint: 2, channels: nil),
      try centered(node, 1, zeroPoint: 3, channels: geometry.filters), bias: nil, geometry, node)
    return [try node.result(sums, shape: geometry.output, type: .int32)]
  }

  /// `QLinearConv`: the sums of `ConvInteger` and a bias, scaled back to 8 bits.
  static func linear(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let geometry = try ConvGeometry(node, weights: 3)
    let sums = try ConvReference.convolve(
      try centered(node, 0, zeroPoint: 2, channels: nil),
      try centered(node, 3, zeroPoint: 5, channels: geometry.filters),
      bias: try node.optionalValues(8, as: Int32.self), geometry, node)
    let size = geometry.window.output.reduce(1, *)
    let inputScale = try scalar(node, 1), outputScale = try scalar(node, 6)
    let scales = try node.values(4, as: Float.self)
    guard scales.count == 1 || scales.count == geometry.filters else {
      throw node.badShape(4, expected: "\(geometry.filters)", found: [scales.count])
    }
    let zeroPoint = try node.optionalValues(7, as: Int32.self)?.first ?? 0
    let type = try node.tensor(7).dataType
    let result = sums.indices.map { i in
      let scale = inputScale * scales[scales.count == 1 ? 0 : i / size % geometry.filters] / outputScale
      return Requantization.round(Float(sums[i]) * scale, zeroPoint: zeroPoint, type: type)
    }
    return [try node.result(result, shape: geometry.output, type: type)]
  }

  /// The elements of an input minus its zero point: one, or one for each output channel.
  private static func centered(
    _ node: Evaluation, _ input: Int, zeroPoint: Int, channels: Int?
  ) throws(GraphError) -> [Int32] {
    var values = try node.values(input, as: Int32.self)
    guard let zeroPoints = try node.optionalValues(zeroPoint, as: Int32.self), !zeroPoints.isEmpty else {
      return values
    }
    guard zeroPoints.count == 1 || zeroPoints.count == channels else {
      throw node.badShape(zeroPoint, expected: "one number, or one for each output channel", found: [zeroPoints.count])
    }
    let size = max(1, values.count / zeroPoints.count)
    for i in values.indices { values[i] &-= zeroPoints[i / size] }
    return values
  }

  private static func scalar(_ node: Evaluation, _ input: Int) throws(GraphError) -> Float {
    let values = try node.values(input, as: Float.self)
    guard values.count == 1 else { throw node.badShape(input, expected: "one number", found: [values.count]) }
    return values[0]
  }
}

/// The way back from real numbers to whole ones of few bits.
enum Requantization {
  /// The nearest whole number plus the zero point, ties to even, clamped to a type of 8 or 16 bits or less; 0 for NaN.
  @inline(__always)
  static func round(_ value: Float, zeroPoint: Int32, type: DataType) -> Int32 {
    let (least, greatest) = range(type)
    let sum = value.rounded(.toNearestOrEven) + Float(zeroPoint)
    guard sum > Float(least) else { return sum.isNaN ? min(max(zeroPoint, least), greatest) : least }
    return sum < Float(greatest) ? Int32(sum) : greatest
  }

  /// The least and the greatest number of a quantized type.
  static func range(_ type: DataType) -> (Int32, Int32) {
    let bits = Int32(type.bitWidth)
    return switch type {
    case .int2, .int4, .int8, .int16: (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    default: (0, (1 << min(bits, 16)) - 1)
    }
  }
}
