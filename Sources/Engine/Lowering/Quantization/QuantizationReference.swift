import Graph

/// Quantization by a scale and a zero point: one for all elements, one for each index of an axis, or one for each block.
enum QuantizationReference {
  /// Which scale each element has.
  private struct Places {
    let block: Int
    let step: Int
    let size: Int
    let blocks: Int

    init(_ layout: NodeContext.ScaleLayout, shape: [Int]) {
      switch layout {
      case .perTensor: (block, step, size, blocks) = (1, 1, 1, 1)
      case .perAxis(let axis):
        (block, step, size) = (1, max(shape[(axis + 1)...].reduce(1, *), 1), shape[axis])
        blocks = 0
      case .blocked(let axis, let width):
        (block, step, size) = (width, max(shape[(axis + 1)...].reduce(1, *), 1), shape[axis])
        blocks = size == 0 ? 0 : (size - 1) / width + 1
      }
      isBlocked = if case .blocked = layout { true } else { false }
      isPerTensor = layout == .perTensor
    }

    let isBlocked: Bool
    let isPerTensor: Bool

    @inline(__always)
    subscript(index: Int) -> Int {
      if isPerTensor { return 0 }
      let position = index / step % size
      return isBlocked ? (index / step / size * blocks + position / block) * step + index % step : position
    }
  }

  private static func places(_ node: Evaluation) throws(GraphError) -> Places {
    let shape = try node.tensor(0).shape
    return Places(try node.context.scaleLayout(data: shape, scale: try node.tensor(1).shape), shape: shape)
  }

  private static func zeroPoints(_ node: Evaluation, count: Int) throws(GraphError) -> [Float]? {
    guard let values = try node.optionalValues(2, as: Float.self) else { return nil }
    guard values.count == count else { throw node.badShape(2, expected: "\(count) numbers", found: [values.count]) }
    return values
  }

  /// round(x / scale) + zero point, saturated.
  static func quantize(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let places = try places(node)
    let scales = try node.values(1, as: Float.self)
    let points = try zeroPoints(node, count: scales.count)
    var type = try node.optionalTensor(2)?.dataType ?? .uint8
    let demanded = try node.context.int("output_dtype", default: 0)
    if demanded != 0, !node.context.hasInput(2) { type = try node.context.dataType("output_dtype") }
    let precision = try node.context.int("precision", default: 0)
    let quotientType =
      precision == 0 ? (input.dataType == .int32 ? .float32 : input.dataType) : try node.context.dataType("precision")
    let quotients: [Float]
    if quotientType == .float64 {
      let x = try node.values(0, as: Double.self)
      quotients = x.indices.map { Float(x[$0] / Double(scales[places[$0]])) }
    } else {
      let x = try node.values(0, as: Float.self)
      let exact = x.indices.map { x[$0] / scales[places[$0]] }
      quotients = quotientType == .float32 ? exact : try rounded(exact, to: quotientType, node)
    }
    if type.isInteger {
      let whole = quotients.indices.map { i in
        Requantization.round(quotients[i], zeroPoint: points.map { Int32($0[places[i]]) } ?? 0, type: type)
      }
      return [try node.result(whole, shape: input.shape, type: type)]
    }
    var sums = quotients
    if let points { for i in sums.indices { sums[i] += points[places[i]] } }
    let saturate = try node.context.bool("saturate", default: true)
    guard
      let result = Tensor(shape: input.shape, sums).converted(to: type, options: ConversionOptions(saturate: saturate))
    else { throw node.unsupported(type) }
    return [.tensor(result)]
  }

  private static func rounded(_ values: [Float], to type: DataType, _ node: Evaluation) throws(GraphError) -> [Float] {
    let narrow = Tensor(shape: [values.count], values).converted(to: type)?.converted(to: .float32)
    guard let result = narrow?.elements(Float.self) else { throw node.unsupported(type) }
    return result
  }

  /// (x - zero point) * scale.
  static func dequantize(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let places = try places(node)
    let scale = try node.tensor(1).dataType
    var type = scale == .float8E8M0 ? DataType.float32 : scale
    if try node.context.int("output_dtype", default: 0) != 0 { type = try node.context.dataType("output_dtype") }
    let scales = try node.values(1, as: Float.self)
    let values: [Float]
    if input.dataType == .int32 {
      let points = try node.optionalValues(2, as: Int32.self)
      let x = try node.values(0, as: Int32.self)
      guard points.map({ $0.count == scales.count }) ?? true else {
        throw node.badShape(2, expected: "\(scales.count) numbers", found: [points?.count ?? 0])
      }
      values = x.indices.map { i in
        let place = places[i]
        return Float(Int64(x[i]) - Int64(points?[place] ?? 0)) * scales[place]
      }
    } else {
      let points = try zeroPoints(node, count: scales.count)
      let x = try node.values(0, as: Float.self)
      values = x.indices.map { i in
        let place = places[i]
        return (x[i] - (points?[place] ?? 0)) * scales[place]
      }
    }
    return [try node.result(values, shape: input.shape, type: type)]
  }

  /// Quantizes to 8 bits by the range that the data have, 0 included; gives scale and zero point too.
  static func dynamic(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let x = try node.values(0, as: Float.self)
    var (least, greatest) = (Float(0), Float(0))
    for value in x {
      if value < least { least = value }
      if value > greatest { greatest = value }
    }
    let scale = (greatest == least ? 1 : greatest - least) / 255
    let zeroPoint = Requantization.round(-least / scale, zeroPoint: 0, type: .uint8)
    let quantized = x.map { Requantization.round($0 / scale, zeroPoint: zeroPoint, type: .uint8) }
    return [
      try node.result(quantized, shape: input.shape, type: .uint8), .tensor(Tensor(scalar: scale)),
      .tensor(Tensor(scalar: UInt8(clamping: zeroPoint))),
    ]
  }
}
