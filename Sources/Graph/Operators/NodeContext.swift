/// A node together with what is known of its inputs: what a shape rule, an evaluator and a lowering see of it.
///
/// Every accessor throws an error that names the node, what was expected and what was found.
public struct NodeContext: Sendable {
  /// The node.
  public let node: Node
  /// The types of its inputs, nil where an optional input is left out or where nothing is known.
  public let inputTypes: [ValueType?]
  /// The contents of its inputs, where they are known.
  public let constants: [Tensor?]
  /// The contents of small integer inputs, as far as they are known: sizes that `Shape` read from symbolic shapes.
  public let contents: [[Dimension]?]
  /// Infers the types of a subgraph's outputs from those of its inputs.
  public let inferSubgraph: @Sendable (Subgraph, [ValueType?]) throws(GraphError) -> [ValueType?]

  /// Puts a context together.
  public init(
    node: Node, inputTypes: [ValueType?], constants: [Tensor?] = [], contents: [[Dimension]?] = [],
    inferSubgraph: @escaping @Sendable (Subgraph, [ValueType?]) throws(GraphError) -> [ValueType?] = { graph, _ in
      graph.body.outputs.map { graph.body[$0].type }
    }
  ) {
    self.node = node
    self.inputTypes = inputTypes
    self.constants = constants
    self.contents = contents
    self.inferSubgraph = inferSubgraph
  }

  /// The operator-set version that the node was written for.
  public var version: Int { node.op.version }
  /// How the node is called in messages: its name, or its operator.
  public var name: String { node.label }
}

// MARK: - Inputs

extension NodeContext {
  /// Whether the optional input at this place is given.
  public func hasInput(_ index: Int) -> Bool { index < node.inputs.count && node.inputs[index] != nil }

  /// The number of inputs that the node lists.
  public var inputCount: Int { node.inputs.count }

  /// The type of an input that must be given.
  public func type(_ index: Int) throws(GraphError) -> ValueType {
    guard hasInput(index) else { throw .missingInput(node: name, input: "\(index)") }
    guard index < inputTypes.count, let type = inputTypes[index] else {
      throw .invalidGraph(node: name, what: "the type of input \(index) is not known")
    }
    return type
  }

  /// The element type of a tensor input.
  public func dataType(_ index: Int) throws(GraphError) -> DataType {
    let type = try type(index)
    guard let dataType = type.dataType else {
      throw .typeMismatch(node: name, input: "\(index)", expected: "a tensor", found: "\(type)")
    }
    return dataType
  }

  /// The element type of a tensor input, which must be one of these.
  public func dataType(_ index: Int, in allowed: Set<DataType>) throws(GraphError) -> DataType {
    let found = try dataType(index)
    guard allowed.contains(found) else {
      throw .typeMismatch(
        node: name, input: "\(index)", expected: allowed.map(\.description).sorted().joined(separator: ", "),
        found: "\(found)")
    }
    return found
  }

  /// The shape of a tensor input; nil if its rank is not known.
  public func shape(_ index: Int) throws(GraphError) -> Shape? {
    _ = try dataType(index)
    return try type(index).shape
  }

  /// The shape of a tensor input, whose rank, if known, must be this one.
  public func shape(_ index: Int, rank: Int) throws(GraphError) -> Shape? {
    let shape = try shape(index)
    if let shape, shape.rank != rank {
      throw .shapeMismatch(node: name, input: "\(index)", expected: "of rank \(rank)", found: "\(shape)")
    }
    return shape
  }

  /// The contents of an input, if they are known before the model runs.
  public func constant(_ index: Int) -> Tensor? { weights(index).flatMap { $0.isPresent ? $0 : nil } }

  /// A constant that an input is, even if its elements are absent: for those who have them in another form.
  public func weights(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

  /// Whole numbers that an input holds, if they are known before the model runs; nil if the input is left out.
  ///
  /// - Throws: a type mismatch if the input holds no whole numbers.
  public func integers(_ index: Int) throws(GraphError) -> [Int]? {
    guard let tensor = constant(index) else { return nil }
    guard let integers = tensor.integers else {
      throw .typeMismatch(node: name, input: "\(index)", expected: "integers", found: "\(tensor)")
    }
    return integers
  }

  /// Sizes that an input holds, as far as they are known: from a constant, or from symbolic shapes.
  public func dimensions(_ index: Int) throws(GraphError) -> [Dimension]? {
    if let known = try integers(index) { return known.map(Dimension.known) }
    return index < contents.count ? contents[index] : nil
  }
}

// MARK: - Attributes

extension NodeContext {
  /// Whether the attribute is given.
  public func hasAttribute(_ key: String) -> Bool { node.attributes[key] != nil }

  private func mismatch(_ key: String, expected: String) -> GraphError {
    .invalidAttribute(
      node: name, attribute: key, expected: expected, found: node.attributes[key]?.kind ?? "nothing")
  }

  /// A whole number; the default if absent.
  public func int(_ key: String, default value: Int? = nil) throws(GraphError) -> Int {
    switch (node.attributes[key], value) {
    case (.int(let found)?, _): return found
    case (nil, let value?): return value
    default: throw mismatch(key, expected: "int")
    }
  }

  /// A truth value, written as 0 or 1; the default if absent.
  public func bool(_ key: String, default value: Bool) throws(GraphError) -> Bool {
    let found = try int(key, default: value ? 1 : 0)
    guard found == 0 || found == 1 else {
      throw .invalidAttribute(node: name, attribute: key, expected: "0 or 1", found: "\(found)")
    }
    return found == 1
  }

  /// A real number; the default if absent.
  public func float(_ key: String, default value: Float? = nil) throws(GraphError) -> Float {
    switch (node.attributes[key], value) {
    case (.float(let found)?, _): return found
    case (nil, let value?): return value
    default: throw mismatch(key, expected: "float")
    }
  }

  /// A text; the default if absent.
  public func string(_ key: String, default value: String? = nil) throws(GraphError) -> String {
    switch (node.attributes[key], value) {
    case (.string(let found)?, _): return found
    case (nil, let value?): return value
    default: throw mismatch(key, expected: "string")
    }
  }

  /// Whole numbers; nil if absent.
  public func ints(_ key: String) throws(GraphError) -> [Int]? {
    switch node.attributes[key] {
    case .ints(let found)?: return found
    case nil: return nil
    default: throw mismatch(key, expected: "ints")
    }
  }

  /// Real numbers; nil if absent.
  public func floats(_ key: String) throws(GraphError) -> [Float]? {
    switch node.attributes[key] {
    case .floats(let found)?: return found
    case nil: return nil
    default: throw mismatch(key, expected: "floats")
    }
  }

  /// Texts; nil if absent.
  public func strings(_ key: String) throws(GraphError) -> [String]? {
    switch node.attributes[key] {
    case .strings(let found)?: return found
    case nil: return nil
    default: throw mismatch(key, expected: "strings")
    }
  }

  /// A tensor; nil if absent.
  public func tensor(_ key: String) throws(GraphError) -> Tensor? {
    switch node.attributes[key] {
    case .tensor(let found)?: return found
    case nil: return nil
    default: throw mismatch(key, expected: "tensor")
    }
  }

  /// A graph that must be there.
  public func graph(_ key: String) throws(GraphError) -> Subgraph {
    guard case .graph(let found)? = node.attributes[key] else { throw mismatch(key, expected: "graph") }
    return found
  }

  /// An element type, written as the number that ONNX gives it; the default if absent.
  public func dataType(_ key: String, default value: DataType? = nil) throws(GraphError) -> DataType {
    let raw = try int(key, default: value.map { Int($0.rawValue) })
    guard let raw32 = Int32(exactly: raw), let type = DataType(rawValue: raw32) else {
      throw .invalidAttribute(node: name, attribute: key, expected: "a data type of ONNX", found: "\(raw)")
    }
    return type
  }

  /// An axis, counted from the end if negative, as an index from the front.
  ///
  /// - Parameters:
  ///   - axis: what the node says.
  ///   - rank: the rank it must fit.
  ///   - inclusive: whether `rank` itself is allowed.
  ///   - attribute: the attribute's name, for the error.
  public func axis(_ axis: Int, rank: Int, inclusive: Bool = false, attribute: String = "axis") throws(GraphError)
    -> Int
  {
    let limit = inclusive ? rank + 1 : rank
    guard (-limit..<limit).contains(axis) else {
      throw .invalidAttribute(
        node: name, attribute: attribute,
        expected: limit == 0 ? "no axis: the input is a scalar" : "an axis from \(-limit) to \(limit - 1)",
        found: "\(axis)")
    }
    return axis < 0 ? axis + limit : axis
  }
}
