import Graph

extension Lowering {
  /// Operators of the domain `ai.onnx.ml`.
  static let classicalLearning: [Lowering] = [
    Lowering("LabelEncoder", domain: "ai.onnx.ml", evaluate: encodeLabels),
    Lowering("ArrayFeatureExtractor", domain: "ai.onnx.ml") { node throws(GraphError) in
      let input = try node.tensor(0)
      let width = input.shape.last ?? 1
      let indices = try node.indices(1, size: width)
      let rows = width == 0 ? 0 : input.count / width
      let offsets = (0..<rows).flatMap { row in indices.map { row * width + $0 } }
      return [.tensor(try input.gathered(offsets, block: 1, shape: try node.outputShape()))]
    },
    Lowering("Binarizer", domain: "ai.onnx.ml") { node throws(GraphError) in
      let input = try node.tensor(0)
      let threshold = Double(try node.context.float("threshold", default: 0))
      let wide = input.converted(to: .float64) ?? input
      let flags = wide.map(Double.self, to: Bool8.self) { Bool8($0 > threshold) } ?? input
      return [.tensor(flags.narrowed(to: input.dataType))]
    },
    Lowering("TreeEnsemble", domain: "ai.onnx.ml", evaluate: TreeEnsemble.evaluate),
  ]

  private static func encodeLabels(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let (keys, values) = (try node.context.labels("keys"), try node.context.labels("values"))
    guard keys.count == values.count else {
      throw .invalidAttribute(
        node: node.context.name, attribute: "values", expected: "\(keys.count) values", found: "\(values.count)")
    }
    let fallback = try defaultLabel(node, of: values.dataType)
    // Keys by their text, whatever their type: equal numbers have equal texts, and a NaN finds a NaN.
    let places = Dictionary(
      zip(try node.texts(of: keys), 0..<keys.count), uniquingKeysWith: { _, last in last })
    let offsets = try node.texts(of: input).map { places[$0] ?? keys.count }
    let table = try Tensor.concatenated([values, fallback], axis: 0, in: node)
    return [.tensor(try table.gathered(offsets, block: 1, shape: input.shape))]
  }

  private static func defaultLabel(_ node: Evaluation, of type: DataType) throws(GraphError) -> Tensor {
    if let tensor = try node.context.tensor("default_tensor") {
      guard tensor.count == 1, tensor.dataType == type else {
        throw .invalidAttribute(
          node: node.context.name, attribute: "default_tensor", expected: "one \(type)", found: "\(tensor)")
      }
      return tensor.reshaped([1])
    }
    switch type {
    case .string: return Tensor(shape: [1], strings: [try node.context.string("default_string", default: "_Unused")])
    case .float32: return Tensor(shape: [1], [try node.context.float("default_float", default: -0.0)])
    default:
      return Tensor(shape: [1], [Int64(try node.context.int("default_int64", default: -1))]).narrowed(to: type)
    }
  }
}
