import CONNX

/// What one of ONNX's data files holds: the inputs and outputs of the standard's test cases are such files.
public indirect enum ONNXValue: Sendable {
  /// A tensor, from a `TensorProto`.
  case tensor(Tensor)
  /// A sequence, from a `SequenceProto`.
  case sequence([ONNXValue])
  /// A value or nothing, from an `OptionalProto`.
  case optional(ONNXValue?)
}

extension ONNXValue {
  /// Reads a data file; tensors stay in its memory map.
  ///
  /// - Parameters:
  ///   - path: a file that holds one message.
  ///   - type: the type that the model declares for the value, since the file does not tell which message it holds; a tensor
  ///     if nil.
  /// - Throws: `GraphError.unreadable` or `GraphError.malformed`, which name the file.
  public init(onnxFile path: String, type: ValueType? = nil) throws(GraphError) {
    try self.init(ONNXBytes(mapping: path), type: type)
  }

  /// Reads a data file's contents from memory: see `init(onnxFile:type:)`.
  public init(bytes: [UInt8], source: String, type: ValueType? = nil) throws(GraphError) {
    try self.init(ONNXBytes(copying: bytes, file: source, folder: nil), type: type)
  }

  private init(_ source: ONNXBytes, type: ValueType?) throws(GraphError) {
    func unpack<Message, Result>(
      _ message: Message.Type, _ descriptor: MessageDescriptor,
      _ read: (Message, TensorReader) throws(GraphError) -> Result
    ) throws(GraphError) -> Result {
      let scan = try MessageScanner(source, as: descriptor)
      let message = try UnpackedMessage<Message>(scan, as: descriptor, from: source)
      return try read(message.pointer.pointee, TensorReader(source, payloads: scan.payloads))
    }
    switch type {
    case .sequence:
      self = try unpack(Onnx__SequenceProto.self, .sequence) { (proto, tensors) throws(GraphError) in
        try Self.sequence(proto, tensors, source)
      }
    case .optional:
      self = try unpack(Onnx__OptionalProto.self, .optional) { (proto, tensors) throws(GraphError) in
        try Self.optional(proto, tensors, source)
      }
    case .map, .opaque, .sparseTensor:
      throw source.malformed("values of type \(type?.description ?? "") are not supported")
    case .tensor, nil:
      self = try unpack(Onnx__TensorProto.self, .tensor) { (proto, tensors) throws(GraphError) in
        .tensor(try tensors.tensor(proto, label: "tensor '\(text(proto.name))'"))
      }
    }
  }

  private static func sequence(
    _ proto: Onnx__SequenceProto, _ tensors: TensorReader, _ source: ONNXBytes
  ) throws(GraphError) -> ONNXValue {
    let label = "sequence '\(text(proto.name))'"
    guard proto.n_map_values == 0 else { throw source.malformed("\(label): maps are not supported") }
    var elements: [ONNXValue] = []
    for tensor in messages(proto.tensor_values, proto.n_tensor_values) {
      elements.append(.tensor(try tensors.tensor(tensor.pointee, label: label)))
    }
    for tensor in messages(proto.sparse_tensor_values, proto.n_sparse_tensor_values) {
      elements.append(.tensor(try tensors.tensor(tensor.pointee, label: label)))
    }
    for inner in messages(proto.sequence_values, proto.n_sequence_values) {
      elements.append(try sequence(inner.pointee, tensors, source))
    }
    for inner in messages(proto.optional_values, proto.n_optional_values) {
      elements.append(try optional(inner.pointee, tensors, source))
    }
    return .sequence(elements)
  }

  private static func optional(
    _ proto: Onnx__OptionalProto, _ tensors: TensorReader, _ source: ONNXBytes
  ) throws(GraphError) -> ONNXValue {
    let label = "optional '\(text(proto.name))'"
    if let tensor = proto.tensor_value {
      return .optional(.tensor(try tensors.tensor(tensor.pointee, label: label)))
    }
    if let tensor = proto.sparse_tensor_value {
      return .optional(.tensor(try tensors.tensor(tensor.pointee, label: label)))
    }
    if let inner = proto.sequence_value { return .optional(try sequence(inner.pointee, tensors, source)) }
    if let inner = proto.optional_value { return .optional(try optional(inner.pointee, tensors, source)) }
    guard proto.map_value == nil else { throw source.malformed("\(label): maps are not supported") }
    return .optional(nil)
  }
}

extension Tensor {
  /// Reads a file that holds one `TensorProto`, which stays in its memory map.
  ///
  /// - Throws: `GraphError.unreadable` or `GraphError.malformed`, which name the file.
  public init(onnxTensorFile path: String) throws(GraphError) {
    guard case .tensor(let tensor) = try ONNXValue(onnxFile: path) else {
      throw .malformed(file: path, what: "it holds no tensor")
    }
    self = tensor
  }
}
