import Testing

/// The bytes of a protobuf message, written by hand: what tests need that no writer makes.
struct ProtoBytes: Sendable, CustomTestStringConvertible {
  var bytes: [UInt8] = []

  init(_ fields: ProtoBytes...) { self.init(fields) }
  init(_ fields: [ProtoBytes]) { bytes = fields.flatMap(\.bytes) }

  var testDescription: String { "\(bytes)" }

  /// A whole number.
  static func int(_ field: Int, _ value: Int) -> ProtoBytes {
    var message = ProtoBytes()
    message.varint(UInt64(field << 3))
    message.varint(UInt64(bitPattern: Int64(value)))
    return message
  }

  /// A real number.
  static func float(_ field: Int, _ value: Float) -> ProtoBytes {
    var message = ProtoBytes()
    message.varint(UInt64(field << 3 | 5))
    message.bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
    return message
  }

  /// A byte string.
  static func data(_ field: Int, _ value: [UInt8], claimedLength: Int? = nil) -> ProtoBytes {
    var message = ProtoBytes()
    message.varint(UInt64(field << 3 | 2))
    message.varint(UInt64(claimedLength ?? value.count))
    message.bytes += value
    return message
  }

  /// A text.
  static func text(_ field: Int, _ value: String) -> ProtoBytes { data(field, Array(value.utf8)) }

  /// A message.
  static func message(_ field: Int, _ fields: ProtoBytes...) -> ProtoBytes { data(field, fields.flatMap(\.bytes)) }

  /// Whole numbers in one stretch.
  static func packed(_ field: Int, _ values: [Int]) -> ProtoBytes {
    var message = ProtoBytes()
    for value in values { message.varint(UInt64(bitPattern: Int64(value))) }
    return data(field, message.bytes)
  }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

// MARK: - Messages of ONNX

extension ProtoBytes {
  /// A `ModelProto` around the fields of a graph, importing version 17.
  static func model(irVersion: Int = 8, functions: [ProtoBytes] = [], graph: ProtoBytes...) -> [UInt8] {
    ProtoBytes(
      .int(1, irVersion), .message(8, .int(2, 17)), .message(8, .text(1, "local"), .int(2, 1)),
      .data(7, graph.flatMap(\.bytes)), ProtoBytes(bytes: functions.flatMap { ProtoBytes.data(25, $0.bytes).bytes })
    ).bytes
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// A node of a graph; `field` is 7 in functions.
  static func node(
    _ op: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    attributes: ProtoBytes = ProtoBytes(), field: Int = 1
  ) -> ProtoBytes {
    let values = inputs.flatMap { text(1, $0).bytes } + outputs.flatMap { text(2, $0).bytes }
    return message(
      field, ProtoBytes(bytes: values), name.isEmpty ? ProtoBytes() : text(3, name), text(4, op), attributes,
      text(7, domain))
  }

  /// An attribute of a node that holds a graph.
  static func graphAttribute(_ name: String, _ graph: ProtoBytes...) -> ProtoBytes {
    message(5, text(1, name), int(20, 5), data(6, graph.flatMap(\.bytes)))
  }

  /// An input (11) or output (12) of a graph, a float tensor of unknown rank.
  static func value(_ field: Int, _ name: String) -> ProtoBytes {
    message(field, text(1, name), message(2, message(1, int(1, 1))))
  }
  static func input(_ name: String) -> ProtoBytes { value(11, name) }
  static func output(_ name: String) -> ProtoBytes { value(12, name) }

  /// A `TensorProto` without a field around it.
  static func tensor(_ type: Int, _ sizes: [Int], name: String = "", _ contents: ProtoBytes...) -> ProtoBytes {
    ProtoBytes(
      bytes: sizes.flatMap { int(1, $0).bytes } + int(2, type).bytes + text(8, name).bytes
        + contents.flatMap(\.bytes))
  }

  /// An initializer of a graph.
  static func initializer(_ tensor: ProtoBytes) -> ProtoBytes { data(5, tensor.bytes) }
}
