import Graph

/// Resizes axis by axis: interpolation is separable.
enum ResizeReference {
  /// Computes `Resize` and `Upsample` of all versions.
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let geometry = try geometry(node, input.shape)
    let mode = try ResizeMode(node.context)
    try node.checkedCount(geometry.sizes, of: .float64)
    let axes = input.shape.indices.map { axis in
      ResizeAxis(
        input: input.shape[axis], output: geometry.sizes[axis], scale: geometry.scales[axis],
        region: (geometry.regionStarts[axis], geometry.regionEnds[axis]))
    }
    let resized = axes.indices.filter { changes(axes[$0], mode) }
    guard !geometry.sizes.contains(0) else {
      return [try node.result([Float](), shape: geometry.sizes, type: input.dataType)]
    }
    guard !input.shape.contains(0) else { throw node.badShape(0, expected: "elements to resize", found: input.shape) }
    if input.dataType.isInteger || input.dataType == .float64 || input.dataType == .bool {
      return [try resize(node, try node.values(0, as: Double.self), axes, resized, mode)]
    }
    return [try resize(node, try node.values(0, as: Float.self), axes, resized, mode)]
  }

  private static func changes(_ axis: ResizeAxis, _ mode: ResizeMode) -> Bool {
    axis.input != axis.output || axis.scale != 1 || (mode.coordinates == .cropAndResize && axis.region != (0, 1))
  }

  private static func geometry(_ node: Evaluation, _ shape: [Int]) throws(GraphError) -> ResizeGeometry {
    let inputs = node.context.resizeInputs
    var scales: [Float]? = inputs.scales == nil ? try node.context.floats("scales") : nil
    if let input = inputs.scales { scales = try node.optionalValues(input, as: Float.self) }
    var sizes: [Int]?
    if let input = inputs.sizes { sizes = try node.optionalValues(input, as: Int64.self)?.map(Int.init) }
    var region: [Float]?
    if let input = inputs.region { region = try node.optionalValues(input, as: Float.self) }
    return try node.context.resizeGeometry(input: shape, scales: scales, sizes: sizes, region: region)
  }

  @_specialize(where R == Float)
  @_specialize(where R == Double)
  private static func resize<R: RealElement>(
    _ node: Evaluation, _ values: [R], _ axes: [ResizeAxis], _ resized: [Int], _ mode: ResizeMode
  ) throws(GraphError) -> RuntimeValue {
    var values = values
    var shape = axes.map(\.input)
    var outside = [Bool](repeating: false, count: 0)
    for index in resized {
      let axis = axes[index]
      let inner = shape[(index + 1)...].reduce(1, *), outer = shape[..<index].reduce(1, *)
      shape[index] = axis.output
      var result = try node.filled(R.zero, shape: shape)
      for position in 0..<axis.output {
        let source = axis.source(of: position, mode: mode.coordinates)
        guard source.magnitude < 1e9 else {
          throw node.badValue(0, expected: "coordinates near the input", found: source)
        }
        let (first, weights) = mode.neighbours(of: source, in: axis)
        for (offset, weight) in weights.enumerated() where weight != 0 || weights.count == 1 {
          let neighbour = min(max(first + offset, 0), axis.input - 1)
          for o in 0..<outer {
            let from = (o * axis.input + neighbour) * inner, to = (o * axis.output + position) * inner
            for i in 0..<inner { result[to + i] += R(weight) * values[from + i] }
          }
        }
      }
      values = result
    }
    if mode.coordinates == .cropAndResize {
      outside = extrapolated(axes, resized)
      for i in values.indices where outside[i] { values[i] = R(mode.extrapolation) }
    }
    let type = try node.tensor(0).dataType
    if type.isInteger { saturate(&values, type, rounds: mode.interpolation != .nearest) }
    return try node.result(values, shape: shape, type: type)
  }

  /// Which elements of the result lie outside the input.
  private static func extrapolated(_ axes: [ResizeAxis], _ resized: [Int]) -> [Bool] {
    let shape = axes.map(\.output)
    var outside = [Bool](repeating: false, count: shape.reduce(1, *))
    for index in resized {
      let inner = shape[(index + 1)...].reduce(1, *)
      let flags = (0..<axes[index].output).map { position in
        let x = axes[index].source(of: position, mode: .cropAndResize)
        return x < 0 || x > Double(axes[index].input - 1)
      }
      for i in outside.indices where flags[i / inner % axes[index].output] { outside[i] = true }
    }
    return outside
  }

  /// Keeps whole numbers within their type; fractions are cut off as in a cast.
  private static func saturate<R: RealElement>(_ values: inout [R], _ type: DataType, rounds: Bool) {
    guard rounds, type.bitWidth <= 32 else { return }
    let signed = [.int8, .int16, .int32].contains(type)
    let bits = type.bitWidth - (signed ? 1 : 0)
    let greatest = R(sign: .plus, exponent: R.Exponent(bits), significand: 1) - 1
    let least = signed ? -greatest - 1 : 0
    for i in values.indices { values[i] = min(max(values[i], least), greatest) }
  }
}
