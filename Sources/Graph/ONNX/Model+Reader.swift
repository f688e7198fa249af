import CONNX

extension Model {
  /// Reads an ONNX model.
  ///
  /// The file is mapped, not loaded: weights stay in the map, also those in external files beside it, and are read from disk as
  /// they are first used. So a model of any size opens in the time that its graph takes. Functions of the model are
  /// inlined; constants listed as inputs are constants; sparse tensors become dense; declared types of intermediate values are
  /// left to `ShapeInference`. Documentation of graphs and nodes, annotations and training graphs are not read.
  ///
  /// - Parameter path: the file; external data is found relative to its folder and may not leave it.
  /// - Throws: `GraphError.unreadable` or `GraphError.malformed`, which name the file and what is wrong where. Whatever its
  ///   bytes are, reading takes no more memory than 64 MiB and 64 bytes for each of the file's.
  public init(contentsOf path: String) throws(GraphError) {
    try self.init(ONNXBytes(mapping: path))
  }

  /// Reads an ONNX model from memory, of which it keeps one copy.
  ///
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - source: how messages call it.
  ///   - folder: where external data is found; nil if there is none.
  /// - Throws: `GraphError.malformed`, which names `source` and what is wrong where.
  public init(bytes: [UInt8], source: String, folder: String? = nil) throws(GraphError) {
    try self.init(ONNXBytes(copying: bytes, file: source, folder: folder))
  }

  /// Reads what `serialized(numbering:)` wrote.
  ///
  /// - Parameters:
  ///   - bytes: the model, which `owner` keeps valid.
  ///   - source: how messages call it.
  ///   - numbered: gives the constants that were left out.
  /// - Throws: `GraphError.malformed`, which names `source` and what is wrong where.
  package init(
    bytes: UnsafeRawBufferPointer, keptBy owner: AnyObject, source: String, numbered: NumberedConstants
  ) throws(GraphError) {
    try self.init(ONNXBytes(file: source, bytes: bytes, owner: owner, folder: nil), numbered: numbered)
  }

  private init(_ source: ONNXBytes, numbered: NumberedConstants? = nil) throws(GraphError) {
    let scan = try MessageScanner(source, as: .model)
    let message = try UnpackedMessage<Onnx__ModelProto>(scan, as: .model, from: source)
    let tensors = TensorReader(source, payloads: scan.payloads, numbered: numbered)
    do throws(GraphError) {
      self = try Self.read(message.pointer.pointee, tensors: tensors, messageSize: scan.reduced.count, source: source)
    } catch {
      throw error.inFile(source.file)
    }
  }

  private static func read(
    _ proto: Onnx__ModelProto, tensors: TensorReader, messageSize: Int, source: ONNXBytes
  ) throws(GraphError) -> Model {
    guard let graph = proto.graph else { throw source.malformed("it holds no graph") }
    var functions: [FunctionKey: UnsafeMutablePointer<Onnx__FunctionProto>] = [:]
    for function in messages(proto.functions, proto.n_functions) {
      let key = FunctionKey(
        domain: OperatorID.normalized(text(function.pointee.domain)), name: text(function.pointee.name),
        overload: text(function.pointee.overload))
      guard functions.updateValue(function, forKey: key) == nil else {
        throw source.malformed("function '\(key.domain).\(key.name)' is defined twice")
      }
    }
    var opsets = try GraphReader.opsets(proto.opset_import, proto.n_opset_import)
    // Files before IR version 3 import nothing and mean version 1.
    if opsets.isEmpty, proto.ir_version < 3 { opsets[""] = 1 }
    let reader = GraphReader(tensors: tensors, functions: functions, messageSize: messageSize)
    let main = try reader.mainGraph(graph.pointee, opsets: opsets)
    try main.checkStructure()
    var model = Model(
      graph: main, irVersion: Int(proto.ir_version), opsets: opsets, producerName: text(proto.producer_name),
      producerVersion: text(proto.producer_version), domain: text(proto.domain), modelVersion: Int(proto.model_version),
      documentation: text(proto.doc_string),
      metadata: Dictionary(
        messages(proto.metadata_props, proto.n_metadata_props).map { (text($0.pointee.key), text($0.pointee.value)) },
        uniquingKeysWith: { _, last in last }),
      source: source.file)
    model.files = (source.sourceFile.map { [$0] } ?? []) + tensors.externalFiles
    return model
  }
}

extension GraphError {
  /// The error with the name of the file in which the graph is.
  func inFile(_ file: String) -> GraphError {
    switch self {
    case .unreadable, .malformed, .unwritable: self
    default: .malformed(file: file, what: description)
    }
  }
}
