import CONNX

/// Makes tensors from `TensorProto` and `SparseTensorProto`.
///
/// Elements in `raw_data`, in external files and in one packed stretch of `float_data` or `double_data` stay in the memory
/// map. Other typed fields are decoded into memory of their own, after their number was checked.
///
/// Sparse tensors are made dense. To keep a small file from taking all memory, dense forms may take 16 MiB and 64 times the
/// file's size together.
final class TensorReader {
  private let source: ONNXBytes
  private let payloads: [TensorPayload]
  private let external: ExternalData
  private let numbered: NumberedConstants?
  private var denseBytesLeft: Int
  /// Decoded tensors by payload: a function's body is read at every call.
  private var decoded: [Int: Tensor] = [:]

  /// Prepares reading the tensors of a scanned file.
  ///
  /// - Parameter numbered: has the constants for which the file gives only a number.
  init(_ source: ONNXBytes, payloads: [TensorPayload], numbered: NumberedConstants? = nil) {
    self.source = source
    self.payloads = payloads
    self.numbered = numbered
    external = ExternalData(folder: source.folder)
    denseBytesLeft = (16 << 20) + 64 * source.bytes.count
  }

  /// The files beside the model that tensors were read from so far.
  var externalFiles: [SourceFile] { external.files }

  /// Reads a tensor.
  ///
  /// - Parameter label: how messages call it.
  /// - Throws: `GraphError.malformed` if its sizes do not fit its bytes, or its type is none of ONNX.
  func tensor(_ proto: Onnx__TensorProto, label: String) throws(GraphError) -> Tensor {
    guard let type = DataType(rawValue: proto.data_type) else {
      throw source.malformed("\(label): element type \(proto.data_type) is not one of ONNX")
    }
    guard proto.segment == nil else {
      throw source.malformed("\(label): comes in segments, which ONNX models do not use")
    }
    let (shape, count) = try shape(numbers(proto.dims, proto.n_dims), of: type, label: label)
    let index = try payloadIndex(of: proto, label: label)
    let payload = index.map { payloads[$0] } ?? TensorPayload()
    if proto.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL {
      guard type != .string else { throw source.malformed("\(label): strings cannot be external data") }
      guard payload.isEmpty else { throw source.malformed("\(label): has both external data and elements in the file") }
      let location = try location(proto, label: label)
      if let numbered {
        guard let tensor = numbered.tensor(at: location, type: type, shape: shape, count: count) else {
          throw source.malformed("\(label): constant \(location.offset) is not there, or has another size")
        }
        return tensor
      }
      let storage = try external.storage(
        at: location, byteCount: type.byteCount(elements: count), tensor: label, model: source)
      return Tensor(dataType: type, shape: shape, storage: storage)
    }
    if type == .string { return try strings(proto, shape: shape, count: count, label: label) }
    if let raw = payload.raw {
      guard payload.chunks.isEmpty else { throw source.malformed("\(label): has elements both raw and typed") }
      let expected = type.byteCount(elements: count)
      guard raw.count == expected else {
        throw source.malformed(
          "\(label): raw_data has \(raw.count) bytes where \(Self.describe(type, shape)) takes \(expected)")
      }
      return Tensor(dataType: type, shape: shape, storage: source.storage(raw))
    }
    if let known = index.flatMap({ decoded[$0] }) { return known }
    let elements = TypedElements(source: source, type: type, shape: shape, count: count, label: label)
    let tensor = try elements.tensor(payload.chunks)
    if let index { decoded[index] = tensor }
    return tensor
  }

  /// Reads a sparse tensor and makes it dense.
  func tensor(_ proto: Onnx__SparseTensorProto, label: String) throws(GraphError) -> Tensor {
    guard let valuesProto = proto.values else { throw source.malformed("\(label): has no values") }
    let values = try tensor(valuesProto.pointee, label: label)
    let (shape, count) = try shape(numbers(proto.dims, proto.n_dims), of: values.dataType, label: label)
    guard values.shape.count == 1, values.dataType.bitWidth % 8 == 0, case .bytes(let storage) = values.contents else {
      throw source.malformed("\(label): the values of a sparse tensor must be one-dimensional numbers, found \(values)")
    }
    let indices = try proto.indices.map { (indices) throws(GraphError) in
      try tensor(indices.pointee, label: "\(label), indices")
    }
    let positions = try positions(indices, values: values.count, shape: shape, count: count, label: label)
    denseBytesLeft -= values.dataType.byteCount(elements: count)
    guard denseBytesLeft >= 0 else {
      throw source.malformed(
        "\(label): its dense form \(Self.describe(values.dataType, shape)) is too large for its file")
    }
    let width = values.dataType.bitWidth / 8
    let bytes = UnsafeRawBufferPointer(start: storage.base, count: values.byteCount)
    return Tensor(dataType: values.dataType, shape: shape) { output in
      for (i, position) in positions.enumerated() {
        for byte in 0..<width { output[position * width + byte] = bytes[i * width + byte] }
      }
    }
  }

  /// Where in the dense tensor each value of a sparse one stands: from linear indices [n] or coordinates [n, rank].
  private func positions(
    _ indices: Tensor?, values: Int, shape: [Int], count: Int, label: String
  ) throws(GraphError) -> [Int] {
    if indices == nil, values == 0 { return [] }
    guard let indices, let numbers = indices.elements(Int64.self) else {
      throw source.malformed("\(label): a sparse tensor needs int64 indices")
    }
    let coordinates = indices.shape == [values, shape.count] && indices.shape.count == 2
    guard coordinates || indices.shape == [values] else {
      throw source.malformed("\(label): indices of shape \(indices.shape) for \(values) values of rank \(shape.count)")
    }
    let limits = coordinates ? shape : [count]
    return try (0..<values).map { (value) throws(GraphError) in
      var position = 0
      for (axis, limit) in limits.enumerated() {
        let index = numbers[value * limits.count + axis]
        guard index >= 0, index < limit else {
          throw source.malformed("\(label): index \(index) where the dense tensor has \(limit)")
        }
        position = position * limit + Int(index)
      }
      return position
    }
  }

  /// Checks sizes, which may lie: no product of them, in any order, may overflow.
  private func shape(
    _ dims: [Int64], of type: DataType, label: String
  ) throws(GraphError) -> (shape: [Int], count: Int) {
    guard dims.allSatisfy({ $0 >= 0 }) else { throw source.malformed("\(label): negative size in \(dims)") }
    let shape = dims.map(Int.init)
    guard let count = Shape.count(shape) else {
      throw source.malformed("\(label): more elements than memory can hold in \(dims)")
    }
    return (shape, count)
  }

  /// Which payload holds the tensor's elements: the scanner left its index in `raw_data`.
  private func payloadIndex(of proto: Onnx__TensorProto, label: String) throws(GraphError) -> Int? {
    guard proto.has_raw_data != 0 else { return nil }
    let token = UnsafeRawBufferPointer(start: proto.raw_data.data, count: proto.raw_data.len)
    guard token.count == 8 else { throw source.malformed("\(label): raw_data was not scanned") }
    let index = token.loadUnaligned(as: UInt64.self)
    guard index < UInt64(payloads.count) else { throw source.malformed("\(label): raw_data was not scanned") }
    return Int(index)
  }

  private func location(_ proto: Onnx__TensorProto, label: String) throws(GraphError) -> ExternalData.Location {
    var location = ExternalData.Location()
    for entry in messages(proto.external_data, proto.n_external_data) {
      let (key, value) = (text(entry.pointee.key), text(entry.pointee.value))
      func number() throws(GraphError) -> Int {
        guard let number = Int(value), number >= 0 else {
          throw source.malformed("\(label): external data has \(key) '\(value)', not a number")
        }
        return number
      }
      switch key {
      case "location": location.path = value
      case "offset": location.offset = try number()
      case "length": location.length = try number()
      default: break  // checksum, and what writers add
      }
    }
    return location
  }

  private func strings(
    _ proto: Onnx__TensorProto, shape: [Int], count: Int, label: String
  ) throws(GraphError) -> Tensor {
    guard proto.n_string_data == count else {
      throw source.malformed(
        "\(label): \(proto.n_string_data) strings where \(Self.describe(.string, shape)) has \(count)")
    }
    let strings = try byteStrings(proto.string_data, proto.n_string_data).map { (bytes) throws(GraphError) in
      guard let string = bytes.utf8 else { throw source.malformed("\(label): a string is not UTF-8") }
      return string
    }
    return Tensor(shape: shape, strings: strings)
  }

  static func describe(_ type: DataType, _ shape: [Int]) -> String {
    "\(type)[\(shape.map(String.init).joined(separator: "x"))]"
  }
}
