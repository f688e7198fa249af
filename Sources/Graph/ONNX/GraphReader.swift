import CONNX

/// Makes the IR from the messages of a model: names become values, functions are inlined, subgraphs capture.
///
/// - A constant that is listed as an input too (as all are below IR version 4, and as defaults are above) is a constant, and
///   no input.
/// - Types that the file declares for values inside a graph are not read: shape inference finds the true ones.
/// - Nodes in the wrong order are sorted.
final class GraphReader {
  /// How deep graphs in nodes and calls of functions may nest, together.
  static let deepest = MessageScanner.deepestGraph
  /// Memory that inlined functions may take: so many bytes, and more for each byte of the file's messages.
  private static let inlinedBytes = (allowance: 48 << 20, factor: 32)
  /// Memory that an inlined node takes at most beyond its bytes in the file and the prefix of its name.
  private static let inlinedNodeBytes = 1024

  let tensors: TensorReader
  private let functions: [FunctionKey: UnsafeMutablePointer<Onnx__FunctionProto>]
  private var inlinedBytesLeft: Int

  /// Prepares reading the graphs of a model, whose messages without tensors' elements take `messageSize` bytes.
  init(
    tensors: TensorReader, functions: [FunctionKey: UnsafeMutablePointer<Onnx__FunctionProto>], messageSize: Int
  ) {
    self.tensors = tensors
    self.functions = functions
    inlinedBytesLeft = Self.inlinedBytes.allowance + Self.inlinedBytes.factor * messageSize
  }

  /// Reads a model's main graph.
  func mainGraph(_ proto: Onnx__GraphProto, opsets: [String: Int]) throws(GraphError) -> Graph {
    let builder = GraphBuilder(name: text(proto.name), outer: nil)
    let scope = Scope(builder: builder, outer: nil, opsets: opsets, call: nil, depth: 1)
    try read(proto, into: scope)
    return builder.graph
  }

  /// Reads a graph that a node of `outer` holds.
  func subgraph(_ proto: Onnx__GraphProto, in outer: Scope, node: String) throws(GraphError) -> Subgraph {
    try checkDepth(outer.depth + 1, node: node)
    let builder = GraphBuilder(name: text(proto.name), outer: outer.builder)
    let scope = Scope(
      builder: builder, outer: outer, opsets: outer.opsets, call: outer.call, depth: outer.depth + 1)
    try read(proto, into: scope)
    return builder.subgraph
  }

  private func read(_ proto: Onnx__GraphProto, into scope: Scope) throws(GraphError) {
    let builder = scope.builder
    try readInitializers(proto, into: scope)
    for input in messages(proto.input, proto.n_input) {
      let name = text(input.pointee.name)
      if scope.names[name] != nil { continue }  // a constant
      let type = try ValueType(input.pointee.type, of: "input '\(name)'")
      try define(name, as: builder.graph.addInput(name: builder.fresh(name), type: type), in: scope)
    }
    let nodes = messages(proto.node, proto.n_node)
    try declareOutputs(of: nodes, in: scope)
    for (index, node) in nodes.enumerated() { try read(node.pointee, index: index, in: scope) }
    for output in messages(proto.output, proto.n_output) {
      let name = text(output.pointee.name)
      guard case let value?? = scope.resolve(name) else {
        throw .undefinedValue(node: "output '\(name)' of graph '\(builder.graph.name)'", value: name)
      }
      if builder.graph[value].type == nil {
        builder.graph.setType(try ValueType(output.pointee.type, of: "output '\(name)'"), of: value)
      }
      builder.graph.addOutput(value, name: name)
    }
    if let node = builder.graph.sort() {
      throw .invalidGraph(
        node: builder.graph[node].label, what: "is on a cycle: it reads what depends on its own results")
    }
  }

  /// Reads constants; in a subgraph an input is never one, since the node around gives it by its position.
  private func readInitializers(_ proto: Onnx__GraphProto, into scope: Scope) throws(GraphError) {
    var inputs: Set<String> = []
    for input in messages(proto.input, proto.n_input) {
      let name = text(input.pointee.name)
      guard inputs.insert(name).inserted else {
        throw .invalidGraph(node: "input '\(name)'", what: "is listed twice by graph '\(scope.builder.graph.name)'")
      }
    }
    func add(_ name: String, _ tensor: Tensor) throws(GraphError) {
      if scope.outer != nil, inputs.contains(name) { return }
      try define(name, as: scope.builder.graph.addConstant(name: scope.builder.fresh(name), tensor), in: scope)
    }
    for initializer in messages(proto.initializer, proto.n_initializer) {
      let name = text(initializer.pointee.name)
      try add(name, tensors.tensor(initializer.pointee, label: "initializer '\(name)'"))
    }
    for initializer in messages(proto.sparse_initializer, proto.n_sparse_initializer) {
      let name = text(initializer.pointee.values?.pointee.name)
      try add(name, tensors.tensor(initializer.pointee, label: "sparse initializer '\(name)'"))
    }
  }

  /// Gives a name to an input or constant.
  private func define(_ name: String, as value: ValueID, in scope: Scope) throws(GraphError) {
    guard !name.isEmpty else {
      throw .invalidGraph(node: "graph '\(scope.builder.graph.name)'", what: "an input or initializer has no name")
    }
    guard scope.names.updateValue(value, forKey: name) == nil else {
      throw .invalidGraph(
        node: "initializer '\(name)'", what: "is defined twice in graph '\(scope.builder.graph.name)'")
    }
  }

  /// Makes the values that nodes write, before any is read: nodes may stand in any order.
  private func declareOutputs(
    of nodes: [UnsafeMutablePointer<Onnx__NodeProto>], in scope: Scope
  ) throws(GraphError) {
    for (index, node) in nodes.enumerated() {
      for name in texts(node.pointee.output, node.pointee.n_output) where !name.isEmpty {
        guard scope.names[name] == nil else {
          throw .invalidGraph(
            node: label(node.pointee, index), what: "writes value '\(name)', which is defined already")
        }
        let prefix = scope.outer == nil ? scope.call?.prefix ?? "" : ""
        scope.names[name] =
          scope.results.removeValue(forKey: name)
          ?? scope.builder.graph.addValue(name: scope.builder.fresh(prefix + name))
      }
    }
  }

  private func read(_ proto: Onnx__NodeProto, index: Int, in scope: Scope) throws(GraphError) {
    let label = label(proto, index)
    let domain = OperatorID.normalized(text(proto.domain))
    let inputs = try texts(proto.input, proto.n_input).map { (name) throws(GraphError) -> ValueID? in
      if name.isEmpty { return nil }
      guard let value = scope.resolve(name) else { throw .undefinedValue(node: label, value: name) }
      return value
    }
    let outputs = texts(proto.output, proto.n_output).map { $0.isEmpty ? nil : scope.names[$0].flatMap { $0 } }
    var node = Node(
      OperatorID(text(proto.op_type), domain: domain, version: 0), name: name(of: proto, in: scope), inputs: inputs,
      outputs: outputs)
    node.attributes = try attributes(
      messages(proto.attribute, proto.n_attribute), operator: node.op.name, of: label, in: scope)
    let key = FunctionKey(domain: domain, name: node.op.name, overload: text(proto.overload))
    if let function = functions[key] {
      return try inline(function, key, at: node, label: label, in: scope)
    }
    guard !node.op.name.isEmpty else { throw .invalidGraph(node: label, what: "has no operator") }
    guard let version = scope.opsets[domain] else {
      throw .invalidGraph(
        node: label, what: "the model imports no version of operator set '\(domain.isEmpty ? "ai.onnx" : domain)'")
    }
    node.op.version = version
    scope.builder.graph.append(node)
  }

  /// A node's name; unnamed nodes stay so, but for a function's only node, which takes the call's.
  private func name(of proto: Onnx__NodeProto, in scope: Scope) -> String {
    let name = text(proto.name)
    guard let call = scope.call else { return name }
    if name.isEmpty { return scope.outer == nil ? call.onlyNode : "" }
    return call.prefix + name
  }

  /// How messages call a node of the file.
  private func label(_ proto: Onnx__NodeProto, _ index: Int) -> String {
    proto.name.map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "\(text(proto.op_type)) #\(index)"
  }

  private func checkDepth(_ depth: Int, node: String) throws(GraphError) {
    guard depth <= Self.deepest else {
      throw .invalidGraph(node: node, what: "graphs and functions nest deeper than \(Self.deepest) levels")
    }
  }
}

// MARK: - Functions

extension GraphReader {
  /// Puts a function's nodes in the place of a call.
  private func inline(
    _ pointer: UnsafeMutablePointer<Onnx__FunctionProto>, _ key: FunctionKey, at node: Node, label: String,
    in scope: Scope
  ) throws(GraphError) {
    try checkDepth(scope.depth + 1, node: label)
    guard scope.call?.functions.contains(key) != true else {
      throw .invalidGraph(node: label, what: "function '\(key.name)' calls itself")
    }
    let function = pointer.pointee
    let prefix = (node.name.isEmpty ? key.name : node.name) + "/"
    inlinedBytesLeft -= onnx__function_proto__get_packed_size(pointer)
    inlinedBytesLeft -= function.n_node * (Self.inlinedNodeBytes + 2 * prefix.utf8.count)
    guard inlinedBytesLeft >= 0 else {
      throw .invalidGraph(node: label, what: "functions call each other so often that the graph outgrows its file")
    }
    let formals = texts(function.input, function.n_input)
    let results = texts(function.output, function.n_output)
    guard node.inputs.count <= formals.count, node.outputs.count <= results.count else {
      throw .invalidGraph(
        node: label, what: "function '\(key.name)' takes \(formals.count) inputs and gives \(results.count) outputs")
    }
    var call = Scope.Call(
      functions: (scope.call?.functions ?? []) + [key], attributes: node.attributes, builder: scope.builder,
      prefix: prefix, onlyNode: function.n_node == 1 ? node.name : "")
    let opsets = try GraphReader.opsets(function.opset_import, function.n_opset_import, default: scope.opsets)
    let plain = Scope(builder: scope.builder, outer: nil, opsets: opsets, call: nil, depth: scope.depth + 1)
    let defaults = try attributes(
      messages(function.attribute_proto, function.n_attribute_proto), operator: key.name, of: label, in: plain)
    call.attributes.merge(defaults) { given, _ in given }

    let body = Scope(builder: scope.builder, outer: nil, opsets: opsets, call: call, depth: scope.depth + 1)
    for (index, formal) in formals.enumerated() {
      body.names[formal] = .some(index < node.inputs.count ? node.inputs[index] : nil)
    }
    var passed: [(from: String, to: ValueID)] = []
    for (result, output) in zip(results, node.outputs) {
      guard let output else { continue }
      if formals.contains(result) || body.results[result] != nil {
        passed.append((result, output))
      } else {
        body.results[result] = output
      }
    }
    let nodes = messages(function.node, function.n_node)
    try declareOutputs(of: nodes, in: body)
    if let missing = body.results.keys.min() {
      throw .undefinedValue(node: "\(label), output of function '\(key.name)'", value: missing)
    }
    for (index, inner) in nodes.enumerated() { try read(inner.pointee, index: index, in: body) }
    for (result, output) in passed {
      guard case let value?? = body.resolve(result), let version = opsets[""] ?? scope.opsets[""] else {
        throw .undefinedValue(node: "\(label), output of function '\(key.name)'", value: result)
      }
      scope.builder.graph.append(Node(OperatorID("Identity", version: version), inputs: [value], outputs: [output]))
    }
  }

  /// Reads versions of operator sets; those of `outer` count where the list says nothing.
  static func opsets(
    _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__OperatorSetIdProto>?>?, _ count: Int,
    default outer: [String: Int] = [:]
  ) throws(GraphError) -> [String: Int] {
    var own: [String: Int] = [:]
    for entry in messages(pointer, count) {
      let domain = OperatorID.normalized(text(entry.pointee.domain))
      let version = Int(entry.pointee.version)
      if let known = own.updateValue(version, forKey: domain), known != version {
        throw .invalidGraph(
          node: "opset_import", what: "imports versions \(known) and \(version) of operator set '\(domain)'")
      }
    }
    return outer.merging(own) { _, own in own }
  }
}

extension OperatorID {
  /// A domain as the IR writes it: ONNX's own is empty.
  static func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
}
