import Graph

// Questions that passes ask of a graph.
extension Graph {
  /// The node that writes a value, if it is this operator of ONNX.
  func producer(of value: ValueID?, _ name: String) -> (id: NodeID, node: Node)? {
    guard let value, let id = producer(of: value), self[id].op.domain.isEmpty, self[id].op.name == name else {
      return nil
    }
    return (id, self[id])
  }

  /// The same, if nothing but one node uses the value.
  func privateProducer(of value: ValueID?, _ name: String) -> (id: NodeID, node: Node)? {
    guard let value, onlyConsumer(of: value) != nil else { return nil }
    return producer(of: value, name)
  }

  /// The only node that reads a value, if it is one of these operators of ONNX.
  func onlyConsumer(of value: ValueID, in names: Set<String>) -> (id: NodeID, node: Node)? {
    guard let id = onlyConsumer(of: value), self[id].op.domain.isEmpty, names.contains(self[id].op.name) else {
      return nil
    }
    return (id, self[id])
  }

  /// All sizes of a value, if they are known.
  func sizes(of value: ValueID?) -> [Int]? { value.flatMap { self[$0].type?.shape?.sizes } }

  /// Whether a value holds 32-bit floats.
  func isFloat(_ value: ValueID?) -> Bool { value.flatMap { self[$0].type?.dataType } == .float32 }

  /// The number that a constant holds, if it is a single 32-bit float.
  func scalar(_ value: ValueID?) -> Float? {
    guard let tensor = value.flatMap({ self[$0].constant }), tensor.count == 1 else { return nil }
    return tensor.elements(Float.self)?.first
  }

  /// The operand of a commutative node that is a constant number, and the other one.
  func splitScalar(_ node: Node) -> (operand: ValueID, scalar: Float)? {
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return nil }
    if let number = scalar(b) { return (a, number) }
    if let number = scalar(a) { return (b, number) }
    return nil
  }

  /// Whether two values have one type and the same known sizes.
  func sameType(_ a: ValueID, _ b: ValueID) -> Bool {
    guard let sizes = sizes(of: a) else { return false }
    return sizes == self.sizes(of: b) && self[a].type?.dataType == self[b].type?.dataType
  }
}

extension Node {
  /// The single input that is read beside `value` by a node of two inputs.
  func otherInput(than value: ValueID) -> ValueID? {
    guard inputs.count == 2, let a = inputs[0], let b = inputs[1] else { return nil }
    return a == value ? b : b == value ? a : nil
  }

  /// Whole numbers of an attribute.
  func ints(_ key: String) -> [Int]? {
    if case .ints(let numbers)? = attributes[key] { numbers } else { nil }
  }

  /// A whole number of an attribute.
  func int(_ key: String) -> Int? {
    if case .int(let number)? = attributes[key] { number } else { nil }
  }

  /// A real number of an attribute.
  func float(_ key: String) -> Float? {
    if case .float(let number)? = attributes[key] { number } else { nil }
  }

  /// A text of an attribute.
  func string(_ key: String) -> String? {
    if case .string(let text)? = attributes[key] { text } else { nil }
  }
}
