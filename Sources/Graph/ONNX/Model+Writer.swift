extension Model {
  /// The largest message that protobuf's own readers take.
  private static var largestMessage: Int { Int(Int32.max) }
  /// Bytes from which constants go to the external file if the model is too large for one message.
  private static var automaticThreshold: Int { 1024 }

  /// Writes the model as an ONNX file, under its name only when it is complete.
  ///
  /// Tensors keep their bytes exactly and go to the file without a copy in memory. Values keep their names, unless two in sight
  /// of each other have the same; outputs have theirs for certain. Types that inference found are written too. Constants
  /// that nothing reads are left out.
  ///
  /// - Parameters:
  ///   - path: the file; one that exists is replaced, and models mapped from it stay as they were.
  ///   - externalDataThreshold: bytes from which a constant goes to a second file, `path` with `.data` added. By default
  ///     the second file is written only if the model is larger than the 2 GiB that a protobuf message can have.
  /// - Throws: `GraphError.unwritable` with the system's reason, `GraphError.invalidGraph` if the graph is not well formed.
  public func write(to path: String, externalDataThreshold: Int? = nil) throws(GraphError) {
    try checkWritable()
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    let location = name + ".data"
    var (message, tensors) = try serialized(
      TensorWriter(location: externalDataThreshold.map { _ in location }, threshold: externalDataThreshold ?? .max))
    if externalDataThreshold == nil, message.byteCount > Self.largestMessage {
      (message, tensors) = try serialized(TensorWriter(location: location, threshold: Self.automaticThreshold))
    }
    guard message.byteCount <= Self.largestMessage else {
      throw .unwritable(
        file: path, reason: "\(message.byteCount) bytes are more than an ONNX file can have: let more data be external")
    }
    let file = try TemporaryFile(for: path)
    try file.write(message.allPieces)
    if !tensors.external.pieces.isEmpty {
      let data = try TemporaryFile(for: path + ".data")
      try data.write(tensors.external.pieces)
      try data.commit()
    }
    try file.commit()
  }

  /// The bytes of the model's ONNX file, all tensors within.
  ///
  /// - Throws: `GraphError.unwritable` beyond 2 GiB, `GraphError.invalidGraph` if the graph is not well formed.
  public func serialized() throws(GraphError) -> [UInt8] { try bytes(TensorWriter()) }

  /// The bytes of the model's ONNX file without constants that the caller keeps: instead of their elements it has numbers.
  ///
  /// - Parameter number: the number of a constant; nil for one that stays in the model. Absent ones keep theirs.
  /// - Throws: as `serialized()`.
  package func serialized(numbering number: @escaping (Tensor) -> Int?) throws(GraphError) -> [UInt8] {
    try bytes(TensorWriter(numbering: number))
  }

  private func bytes(_ tensors: TensorWriter) throws(GraphError) -> [UInt8] {
    try checkWritable()
    let (message, _) = try serialized(tensors)
    guard message.byteCount <= Self.largestMessage else {
      throw .unwritable(file: source, reason: "\(message.byteCount) bytes are more than an ONNX file can have")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(message.byteCount)
    for piece in message.allPieces {
      switch piece {
      case .bytes(let part): bytes += part
      case .storage(let storage, let count):
        bytes += UnsafeRawBufferPointer(start: storage.base, count: count)
      }
    }
    return bytes
  }

  private func checkWritable() throws(GraphError) {
    try graph.checkStructure()
    guard graph.captures.isEmpty else {
      throw .invalidGraph(
        node: "graph '\(graph.name)'", what: "captures values of a graph around it, which a model has not")
    }
  }

  private func serialized(_ tensors: TensorWriter) throws(GraphError) -> (WireMessage, TensorWriter) {
    typealias Field = FieldNumber.Model
    var used = Contents()
    used.add(graph)
    var imports = opsets.filter { $0.key.isEmpty || used.versions[$0.key] != nil }
    for (domain, version) in used.versions where imports[domain] == nil { imports[domain] = version }
    imports[""] = imports[""] ?? Model(graph: Graph()).opsets[""]

    let names = try ValueNames(of: graph)
    var writer = GraphWriter(opsets: imports, tensors: tensors)
    let body = try writer.message(graph, names, opsets: imports)
    if !writer.functions.isEmpty { imports[GraphWriter.functionDomain] = 1 }

    var message = WireMessage()
    message.append(Field.irVersion, max(irVersion, used.irVersion, writer.functions.isEmpty ? 0 : 8))
    for entry in GraphWriter.messages(imports) { message.append(Field.opsets, entry) }
    message.appendNonEmpty(Field.producerName, producerName)
    message.appendNonEmpty(Field.producerVersion, producerVersion)
    message.appendNonEmpty(Field.domain, domain)
    if modelVersion != 0 { message.append(Field.modelVersion, modelVersion) }
    message.appendNonEmpty(Field.documentation, documentation)
    message.append(Field.graph, body)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = WireMessage()
      entry.append(FieldNumber.Entry.key, key)
      entry.append(FieldNumber.Entry.value, value)
      message.append(Field.metadata, entry)
    }
    for function in writer.functions { message.append(Field.functions, function) }
    return (message, writer.tensors)
  }
}

/// What a graph uses that decides about the head of its file.
private struct Contents {
  /// The newest version of each operator set among the nodes.
  var versions: [String: Int] = [:]
  /// The oldest version of the file format that has all element types, and constants that are no inputs.
  var irVersion = 4

  mutating func add(_ graph: Graph) {
    for value in graph.liveValues { irVersion = max(irVersion, graph[value].type?.irVersion ?? 0) }
    for id in graph.order {
      let node = graph[id]
      versions[node.op.domain] = max(versions[node.op.domain] ?? 0, node.op.version)
      for attribute in node.attributes.values {
        for subgraph in attribute.subgraphs { add(subgraph.body) }
        switch attribute {
        case .tensor(let tensor): irVersion = max(irVersion, tensor.dataType.irVersion)
        case .tensors(let tensors): for tensor in tensors { irVersion = max(irVersion, tensor.dataType.irVersion) }
        case .type(let type): irVersion = max(irVersion, type.irVersion)
        default: break
        }
      }
    }
  }
}

extension ValueType {
  /// The version of the file format in which the type and all that it is made of came.
  fileprivate var irVersion: Int {
    switch self {
    case .tensor(let type, _): type.irVersion
    case .sparseTensor(let type, _): max(8, type.irVersion)
    case .sequence(let element): element.irVersion
    case .optional(let element): max(8, element.irVersion)
    case .map(let key, let value): max(key.irVersion, value.irVersion)
    case .opaque: 4
    }
  }
}

extension DataType {
  /// The version of the file format in which the type came.
  fileprivate var irVersion: Int {
    switch self {
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: 9
    case .int4, .uint4: 10
    case .float4E2M1: 11
    case .float8E8M0: 12
    case .int2, .uint2: 13
    case .float6E2M3, .float6E3M2: 14
    default: 4
    }
  }
}
