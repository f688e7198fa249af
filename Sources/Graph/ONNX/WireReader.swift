/// Reads the primitives of protobuf's wire format, with every step checked against the end of what surrounds it.
///
/// Protocol Buffers, "Encoding": a message is a sequence of fields, each a key (number and wire type) and a payload.
struct WireReader {
  /// How a field's payload is written.
  enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  /// A field's number, wire type, and where its payload lies; a length is not part of the payload.
  struct Field {
    var number: UInt32
    var type: WireType
    var payload: Range<Int>
  }

  private let source: ONNXBytes
  /// Where the next byte is read.
  private(set) var position: Int
  /// Where the message ends.
  private let end: Int

  /// Starts at the beginning of a range, which must lie within the bytes.
  init(_ source: ONNXBytes, range: Range<Int>) {
    self.source = source
    position = range.lowerBound
    end = range.upperBound
  }

  /// Reads the next field, or nil at the end of the message.
  mutating func next() throws(GraphError) -> Field? {
    guard position < end else { return nil }
    let start = position
    let key = try varint()
    guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw error("field number \(key >> 3)", at: start) }
    guard let type = WireType(rawValue: key & 7) else { throw error("wire type \(key & 7)", at: start) }
    let length: UInt64
    switch type {
    case .varint:
      let payload = position
      _ = try varint()
      return Field(number: UInt32(key >> 3), type: type, payload: payload..<position)
    case .fixed64: length = 8
    case .fixed32: length = 4
    case .lengthDelimited: length = try varint()
    }
    guard length <= UInt64(end - position) else {
      throw error("a field of \(length) bytes where \(end - position) are left", at: start)
    }
    let payload = position..<position + Int(length)
    position = payload.upperBound
    return Field(number: UInt32(key >> 3), type: type, payload: payload)
  }

  /// Reads a number of 7 bits a byte, least first.
  mutating func varint() throws(GraphError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = source.bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      guard shift < 70 else { throw error("a number of more than ten bytes", at: start) }
    }
    throw error("the file or message ends within a number", at: start)
  }

  /// Whether the whole range was read.
  var isAtEnd: Bool { position >= end }

  private func error(_ what: String, at offset: Int) -> GraphError { source.malformed("\(what) at byte \(offset)") }
}
