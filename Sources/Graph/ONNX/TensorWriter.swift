/// Writes tensors, and collects those that go to the file of external data.
struct TensorWriter {
  /// Name of the external file, relative to the model; nil keeps all tensors in the model.
  private let location: String?
  /// Bytes from which a constant goes to the external file.
  private let threshold: Int
  /// Gives the number under which the caller keeps a constant; nil for those that stay in the model.
  private let number: (Tensor) -> Int?
  /// What the external file holds.
  private(set) var external = ExternalContents()

  /// Keeps all tensors in the model.
  init() { self.init(location: nil, threshold: .max) }

  /// Puts constants of at least `threshold` bytes in a file at `location`.
  init(location: String?, threshold: Int) {
    self.location = location
    self.threshold = threshold
    number = { _ in nil }
  }

  /// Leaves constants to the caller, for which `number` gives a number.
  init(numbering number: @escaping (Tensor) -> Int?) {
    location = nil
    threshold = .max
    self.number = number
  }

  /// A `TensorProto`.
  ///
  /// - Parameter isInitializer: whether the tensor is a constant of a graph; only those may be external.
  mutating func message(_ tensor: Tensor, name: String, isInitializer: Bool) -> WireMessage {
    var message = WireMessage()
    for size in tensor.shape { message.append(FieldNumber.Tensor.sizes, size) }
    message.append(FieldNumber.Tensor.dataType, Int(tensor.dataType.rawValue))
    message.appendNonEmpty(FieldNumber.Tensor.name, name)
    if isInitializer, let number = number(tensor) {
      message.append(external: [("location", NumberedConstants.location), ("offset", "\(number)")])
      return message
    }
    switch tensor.contents {
    case .strings(let strings):
      for string in strings { message.append(FieldNumber.Tensor.strings, string) }
    case .bytes(let storage):
      let byteCount = tensor.byteCount
      if let location, isInitializer, byteCount >= max(threshold, 1) {
        let offset = external.append(storage, byteCount: byteCount)
        message.append(external: [("location", location), ("offset", "\(offset)"), ("length", "\(byteCount)")])
      } else {
        message.append(FieldNumber.Tensor.raw, storage, byteCount: byteCount)
      }
    case .absent(let number):
      message.append(external: [("location", NumberedConstants.location), ("offset", "\(number)")])
    }
    return message
  }
}

extension WireMessage {
  /// Says of a tensor where outside the message its elements are.
  fileprivate mutating func append(external entries: [(key: String, value: String)]) {
    for (key, value) in entries {
      var entry = WireMessage()
      entry.append(FieldNumber.Entry.key, key)
      entry.append(FieldNumber.Entry.value, value)
      append(FieldNumber.Tensor.external, entry)
    }
    append(FieldNumber.Tensor.location, 1)
  }
}

/// The contents of a file of external data.
struct ExternalContents {
  /// The stretches of the file.
  private(set) var pieces: [WireMessage.Piece] = []
  private var byteCount = 0

  /// Appends a tensor's bytes where a vector can be loaded from, and gives the place.
  mutating func append(_ storage: TensorStorage, byteCount count: Int) -> Int {
    let padding = (TensorStorage.alignment - byteCount % TensorStorage.alignment) % TensorStorage.alignment
    if padding > 0 { pieces.append(.bytes([UInt8](repeating: 0, count: padding))) }
    let offset = byteCount + padding
    pieces.append(.storage(storage, byteCount: count))
    byteCount = offset + count
    return offset
  }
}
