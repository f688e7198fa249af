/// A protobuf message that is being written: bytes, and tensors' storage that is only referred to.
///
/// The length of a message stands before it, so messages are made from the inside out. Large tensors are never copied:
/// their bytes go from where they are to the file.
struct WireMessage {
  /// A stretch of the message.
  enum Piece {
    /// Bytes of its own.
    case bytes([UInt8])
    /// The first bytes of a tensor's storage.
    case storage(TensorStorage, byteCount: Int)
  }

  /// Storage up to this size is copied: a system call costs more.
  private static var copiedByteCount: Int { 4096 }

  /// The message's stretches, in order.
  private(set) var pieces: [Piece] = []
  /// The length of the message.
  private(set) var byteCount = 0
  private var tail: [UInt8] = []

  /// All stretches, the open one included.
  var allPieces: [Piece] { tail.isEmpty ? pieces : pieces + [.bytes(tail)] }

  /// Appends a whole number; negative ones take ten bytes.
  mutating func append(_ field: UInt32, _ value: Int) {
    appendKey(field, .varint)
    appendVarint(UInt64(bitPattern: Int64(value)))
  }

  /// Appends a real number.
  mutating func append(_ field: UInt32, _ value: Float) {
    appendKey(field, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { appendRaw($0) }
  }

  /// Appends a text.
  mutating func append(_ field: UInt32, _ value: String) {
    appendKey(field, .lengthDelimited)
    appendVarint(UInt64(value.utf8.count))
    tail.append(contentsOf: value.utf8)
    byteCount += value.utf8.count
  }

  /// Appends a text unless it is empty, which readers take for absent.
  mutating func appendNonEmpty(_ field: UInt32, _ value: String) {
    if !value.isEmpty { append(field, value) }
  }

  /// Appends a message.
  mutating func append(_ field: UInt32, _ message: WireMessage) {
    appendKey(field, .lengthDelimited)
    appendVarint(UInt64(message.byteCount))
    for piece in message.allPieces { append(piece) }
  }

  /// Appends the first bytes of a storage as a byte string.
  mutating func append(_ field: UInt32, _ storage: TensorStorage, byteCount count: Int) {
    appendKey(field, .lengthDelimited)
    appendVarint(UInt64(count))
    append(.storage(storage, byteCount: count))
  }

  private mutating func append(_ piece: Piece) {
    switch piece {
    case .bytes(let bytes): bytes.withUnsafeBytes { appendRaw($0) }
    case .storage(let storage, let count) where count <= Self.copiedByteCount:
      appendRaw(UnsafeRawBufferPointer(start: storage.base, count: count))
    case .storage(_, let count):
      if !tail.isEmpty {
        pieces.append(.bytes(tail))
        tail = []
      }
      pieces.append(piece)
      byteCount += count
    }
  }

  private mutating func appendRaw(_ bytes: UnsafeRawBufferPointer) {
    tail.append(contentsOf: bytes)
    byteCount += bytes.count
  }

  private mutating func appendKey(_ field: UInt32, _ type: WireReader.WireType) {
    appendVarint(UInt64(field) << 3 | type.rawValue)
  }

  private mutating func appendVarint(_ value: UInt64) { byteCount += tail.appendVarint(value) }
}

extension [UInt8] {
  /// Appends a number of 7 bits a byte, least first, and tells how many bytes it took.
  @discardableResult
  mutating func appendVarint(_ value: UInt64) -> Int {
    let start = count
    var rest = value
    while rest >= 0x80 {
      append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
    return count - start
  }
}
