/// Writes graphs as ONNX's messages.
///
/// A file has one version of each operator set for all its nodes, while the IR has one for each node (functions of a file have
/// their own). A node of another version is therefore written as a call of a function that holds this node alone, with its
/// own `opset_import`; reading the file inlines it again.
struct GraphWriter {
  /// The domain of the functions that hold nodes of other versions.
  static let functionDomain = "swiftinfer.versions"

  /// The tensors that were written.
  private(set) var tensors: TensorWriter
  /// Functions that hold nodes of other versions.
  private(set) var functions: [WireMessage] = []

  private let opsets: [String: Int]

  /// Prepares writing with these versions of the operator sets.
  init(opsets: [String: Int], tensors: TensorWriter) {
    self.opsets = opsets
    self.tensors = tensors
  }

  /// A `GraphProto` of a graph whose values have these names.
  mutating func message(_ graph: Graph, _ names: ValueNames, opsets: [String: Int]) throws(GraphError) -> WireMessage {
    var message = WireMessage()
    message.append(FieldNumber.Graph.name, graph.name.isEmpty ? "graph" : graph.name)
    for id in graph.order {
      message.append(FieldNumber.Graph.nodes, try self.message(graph[id], names, opsets: opsets))
    }
    for copy in names.copies {
      var node = WireMessage()
      node.append(FieldNumber.Node.inputs, names[copy.source])
      node.append(FieldNumber.Node.outputs, copy.name)
      node.append(FieldNumber.Node.operatorName, "Identity")
      message.append(FieldNumber.Graph.nodes, node)
    }
    let captures = Set(graph.captures)
    for value in graph.liveValues where !captures.contains(value) {
      guard let constant = graph[value].constant else { continue }
      message.append(
        FieldNumber.Graph.initializers, tensors.message(constant, name: names[value], isInitializer: true))
    }
    for input in graph.inputs {
      message.append(FieldNumber.Graph.inputs, valueInfo(names[input], graph[input].type))
    }
    for (output, name) in zip(graph.outputs, names.outputs) {
      message.append(FieldNumber.Graph.outputs, valueInfo(name, graph[output].type))
    }
    let described = Set(graph.inputs + graph.outputs)
    for id in graph.order {
      for case let output? in graph[id].outputs where !described.contains(output) {
        guard let type = graph[output].type else { continue }
        message.append(FieldNumber.Graph.values, valueInfo(names[output], type))
      }
    }
    return message
  }

  private func valueInfo(_ name: String, _ type: ValueType?) -> WireMessage {
    var message = WireMessage()
    message.append(FieldNumber.ValueInfo.name, name)
    if let type { message.append(FieldNumber.ValueInfo.type, type.message) }
    return message
  }

  /// A `NodeProto`, or one that calls a function of this one node.
  private mutating func message(
    _ node: Node, _ names: ValueNames, opsets: [String: Int]
  ) throws(GraphError) -> WireMessage {
    guard opsets[node.op.domain] == node.op.version else { return try call(node, names) }
    var message = WireMessage()
    for input in node.inputs { message.append(FieldNumber.Node.inputs, names[input]) }
    for output in node.outputs { message.append(FieldNumber.Node.outputs, names[output]) }
    message.appendNonEmpty(FieldNumber.Node.name, node.name)
    message.append(FieldNumber.Node.operatorName, node.op.name)
    message.appendNonEmpty(FieldNumber.Node.domain, node.op.domain)
    for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
      message.append(
        FieldNumber.Node.attributes, try self.message(attribute, name: name, names: names, opsets: opsets))
    }
    return message
  }

  private mutating func call(_ node: Node, _ names: ValueNames) throws(GraphError) -> WireMessage {
    var opsets = opsets
    opsets[node.op.domain] = node.op.version
    var inputs: [ValueID] = []
    for value in node.reads where !inputs.contains(value) { inputs.append(value) }
    let name = "\(node.op.name)_\(node.op.version)_\(functions.count)"
    let inner = ValueNames(of: node, inputs: inputs)

    var function = WireMessage()
    function.append(FieldNumber.Function.name, name)
    function.append(FieldNumber.Function.domain, Self.functionDomain)
    for input in inputs { function.append(FieldNumber.Function.inputs, inner[input]) }
    for output in inner.outputs { function.append(FieldNumber.Function.outputs, output) }
    let place = functions.count
    functions.append(WireMessage())  // nodes of its subgraphs may need functions too
    var alone = node
    alone.name = ""
    function.append(FieldNumber.Function.nodes, try message(alone, inner, opsets: opsets))
    if functions.count > place + 1 { opsets[Self.functionDomain] = 1 }
    for entry in Self.messages(opsets) { function.append(FieldNumber.Function.opsets, entry) }
    functions[place] = function

    var message = WireMessage()
    for input in inputs { message.append(FieldNumber.Node.inputs, names[input]) }
    for output in node.outputs { message.append(FieldNumber.Node.outputs, names[output]) }
    message.appendNonEmpty(FieldNumber.Node.name, node.name)
    message.append(FieldNumber.Node.operatorName, name)
    message.append(FieldNumber.Node.domain, Self.functionDomain)
    return message
  }

  /// `OperatorSetIdProto`s, sorted by domain.
  static func messages(_ opsets: [String: Int]) -> [WireMessage] {
    opsets.sorted { $0.key < $1.key }.map { domain, version in
      var message = WireMessage()
      message.append(FieldNumber.OperatorSet.domain, domain)
      message.append(FieldNumber.OperatorSet.version, version)
      return message
    }
  }
}

// MARK: - Attributes

extension GraphWriter {
  /// An `AttributeProto`.
  private mutating func message(
    _ attribute: Attribute, name: String, names: ValueNames, opsets: [String: Int]
  ) throws(GraphError) -> WireMessage {
    typealias Field = FieldNumber.Attribute
    var message = WireMessage()
    message.append(Field.name, name)
    message.append(Field.kind, attribute.kindNumber)
    switch attribute {
    case .float(let value): message.append(Field.float, value)
    case .int(let value): message.append(Field.int, value)
    case .string(let value): message.append(Field.string, value)
    case .tensor(let tensor): message.append(Field.tensor, tensors.message(tensor, name: "", isInitializer: false))
    case .graph(let graph): message.append(Field.graph, try self.message(graph, names, opsets: opsets))
    case .floats(let values): for value in values { message.append(Field.floats, value) }
    case .ints(let values): for value in values { message.append(Field.ints, value) }
    case .strings(let values): for value in values { message.append(Field.strings, value) }
    case .tensors(let values):
      for tensor in values { message.append(Field.tensors, tensors.message(tensor, name: "", isInitializer: false)) }
    case .graphs(let values):
      for graph in values { message.append(Field.graphs, try self.message(graph, names, opsets: opsets)) }
    case .type(let type): message.append(Field.valueType, type.message)
    }
    return message
  }

  private mutating func message(
    _ subgraph: Subgraph, _ outer: ValueNames, opsets: [String: Int]
  ) throws(GraphError) -> WireMessage {
    let names = ValueNames(of: subgraph.body, captures: subgraph.captured.map { outer[$0] }, visible: outer.visible)
    return try message(subgraph.body, names, opsets: opsets)
  }
}

extension Attribute {
  /// The number of the kind in `AttributeProto.AttributeType`.
  fileprivate var kindNumber: Int {
    switch self {
    case .float: 1
    case .int: 2
    case .string: 3
    case .tensor: 4
    case .graph: 5
    case .floats: 6
    case .ints: 7
    case .strings: 8
    case .tensors: 9
    case .graphs: 10
    case .type: 13
    }
  }
}
