import Graph

/// A graph in words, so that it can be held against a file that PyTorch exported.
///
/// `models/fingerprints.py` writes the same text of such a file. Small constants are written with their elements, parameters without.
enum GraphText {
  /// A line for each input, node, output and constant; nodes in their order, constants by name.
  static func describe(_ model: Model) -> String {
    let graph = model.graph
    func names(_ values: [ValueID?]) -> String {
      values.map { $0.map { graph[$0].name } ?? "" }.joined(separator: ", ")
    }
    var lines = ["opset \(model.opsets["", default: 0])"]
    lines += graph.inputs.map { "input \(graph[$0].name) \(describe(graph[$0].type))" }
    for id in graph.order {
      let node = graph[id]
      let attributes = node.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\(describe($0.value))" }
      lines.append(
        "\(node.op.name) \(node.name) (\(names(node.inputs))) -> \(names(node.outputs)) {\(attributes.joined(separator: ", "))}"
      )
    }
    lines += graph.outputs.map { "output \(graph[$0].name) \(describe(graph[$0].type))" }
    let constants = graph.valueIDs.compactMap { id in graph[id].constant.map { (graph[id].name, $0) } }
    lines += constants.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
      .map { "constant \($0.0) \(describe($0.1))" }
    return lines.map { $0 + "\n" }.joined()
  }

  /// FNV-1a of a text.
  static func fingerprint(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private static func describe(_ type: ValueType?) -> String {
    guard let shape = type?.shape, let dataType = type?.dataType else { return "?" }
    return "\(dataType.rawValue)[\(shape.dimensions.map(\.description).joined(separator: ","))]"
  }

  private static func describe(_ tensor: Tensor) -> String {
    let type = "\(tensor.dataType.rawValue)[\(tensor.shape.map(String.init).joined(separator: ","))]"
    if let integers = tensor.integers { return "\(type) \(integers.map(String.init).joined(separator: ","))" }
    if let floats = tensor.elements(Float.self), floats.count == 1 { return "\(type) bits \(floats[0].bitPattern)" }
    return type
  }

  private static func describe(_ attribute: Attribute) -> String {
    switch attribute {
    case .int(let value): "\(value)"
    case .ints(let values): "[\(values.map(String.init).joined(separator: ","))]"
    case .float(let value): "bits \(value.bitPattern)"
    case .tensor(let tensor): describe(tensor)
    default: "unexpected \(attribute.kind)"
    }
  }
}
