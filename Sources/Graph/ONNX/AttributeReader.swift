import CONNX

extension GraphReader {
  /// Reads a node's attributes.
  ///
  /// Inside a function, an attribute may refer to one of the call: it takes that one's value, or is left out with it.
  /// Sparse tensors become dense, and `Constant`'s `sparse_value` becomes its `value`.
  func attributes(
    _ protos: [UnsafeMutablePointer<Onnx__AttributeProto>], operator: String, of node: String,
    in scope: Scope
  ) throws(GraphError) -> [String: Attribute] {
    var attributes: [String: Attribute] = [:]
    for proto in protos {
      var name = text(proto.pointee.name)
      guard !name.isEmpty else { throw .invalidGraph(node: node, what: "an attribute has no name") }
      let reference = text(proto.pointee.ref_attr_name)
      let value: Attribute?
      if reference.isEmpty {
        value = try attribute(proto.pointee, name: name, of: node, in: scope)
        if name == "sparse_value", `operator` == "Constant" { name = "value" }
      } else {
        guard let call = scope.call else {
          throw .invalidAttribute(
            node: node, attribute: name, expected: "a value outside of functions",
            found: "a reference to '\(reference)'")
        }
        value = call.attributes[reference]?.brought(to: scope.builder, from: call.builder)
      }
      guard let value else { continue }
      guard attributes.updateValue(value, forKey: name) == nil else {
        throw .invalidGraph(node: node, what: "attribute '\(name)' is given twice")
      }
    }
    return attributes
  }

  private func attribute(
    _ proto: Onnx__AttributeProto, name: String, of node: String, in scope: Scope
  ) throws(GraphError) -> Attribute {
    func fault(_ expected: String, _ found: String) -> GraphError {
      .invalidAttribute(node: node, attribute: name, expected: expected, found: found)
    }
    func string(_ bytes: ProtobufCBinaryData) throws(GraphError) -> String {
      guard let string = bytes.utf8 else { throw fault("text in UTF-8", "\(bytes.len) other bytes") }
      return string
    }
    let label = "node '\(node)', attribute '\(name)'"
    switch Self.kind(of: proto) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: return .float(proto.f)
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT: return .int(Int(proto.i))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING: return .string(try string(proto.s))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
      guard let tensor = proto.t else { throw fault("a tensor", "nothing") }
      return .tensor(try tensors.tensor(tensor.pointee, label: label))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
      guard let graph = proto.g else { throw fault("a graph", "nothing") }
      return .graph(try subgraph(graph.pointee, in: scope, node: node))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
      guard let tensor = proto.sparse_tensor else { throw fault("a sparse tensor", "nothing") }
      return .tensor(try tensors.tensor(tensor.pointee, label: label))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO:
      guard let type = try ValueType(proto.tp, of: label) else { throw fault("a type", "none, or one left undefined") }
      return .type(type)
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: return .floats(numbers(proto.floats, proto.n_floats))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS: return .ints(numbers(proto.ints, proto.n_ints).map(Int.init))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
      return .strings(
        try byteStrings(proto.strings, proto.n_strings).map { (bytes) throws(GraphError) in try string(bytes) })
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS:
      return .tensors(
        try messages(proto.tensors, proto.n_tensors).map { (tensor) throws(GraphError) in
          try tensors.tensor(tensor.pointee, label: label)
        })
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS:
      return .tensors(
        try messages(proto.sparse_tensors, proto.n_sparse_tensors).map { (tensor) throws(GraphError) in
          try tensors.tensor(tensor.pointee, label: label)
        })
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
      return .graphs(
        try messages(proto.graphs, proto.n_graphs).map { (graph) throws(GraphError) in
          try subgraph(graph.pointee, in: scope, node: node)
        })
    default: throw fault("a kind that ONNX defines", "kind \(proto.type.rawValue)")
    }
  }

  /// The kind that the attribute says it is; files of IR version 1 do not say, there the field in use tells.
  private static func kind(of proto: Onnx__AttributeProto) -> Onnx__AttributeProto__AttributeType {
    if proto.type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED { return proto.type }
    if proto.has_f != 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT }
    if proto.has_i != 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT }
    if proto.has_s != 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING }
    if proto.t != nil { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR }
    if proto.g != nil { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH }
    if proto.n_floats > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS }
    if proto.n_ints > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS }
    if proto.n_strings > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS }
    if proto.n_tensors > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS }
    if proto.n_graphs > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS }
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED
  }
}

extension Attribute {
  /// The attribute for a node of another graph: what its graphs capture from `origin` is brought there.
  fileprivate func brought(to builder: GraphBuilder, from origin: GraphBuilder) -> Attribute {
    func brought(_ graph: Subgraph) -> Subgraph {
      Subgraph(body: graph.body, captured: graph.captured.map { builder.bring($0, from: origin) })
    }
    return switch self {
    case .graph(let graph): .graph(brought(graph))
    case .graphs(let graphs): .graphs(graphs.map(brought))
    default: self
    }
  }
}
