import CONNX
import CProtobufC

/// Walks a protobuf message before protobuf-c sees it, and takes the tensors' bytes out.
///
/// protobuf-c recurses without bound, copies every byte and refuses messages beyond 2 GiB. So the scanner follows the wire format
/// along protobuf-c's own descriptors, proves that it is well formed, bounds how deep messages and graphs nest, and writes a
/// *reduced* message: the same without fields that are unknown or unread, and without the elements of tensors. In their place `raw_data` holds
/// eight bytes, the index of the tensor's `TensorPayload`, which says where in the file they lie.
struct MessageScanner {
  /// How deep graphs may nest in nodes of graphs.
  static let deepestGraph = 64
  /// How deep messages may nest: three for each graph, and some for what a graph holds.
  static let deepestMessage = 4 * deepestGraph

  /// Fields that the reader has no use for, by number: texts, annotations, and types that inference finds.
  private static let unread = (
    graph: Set<UInt32>([10, 13, 14, 16]), node: Set<UInt32>([6, 9, 10])
  )

  /// The message to hand to protobuf-c.
  private(set) var reduced: [UInt8] = []
  /// Where the elements of tensors lie.
  private(set) var payloads: [TensorPayload] = []

  private let source: ONNXBytes
  private let tensor = MessageDescriptor.tensor
  private let graph = MessageDescriptor.graph
  private let node = MessageDescriptor.node

  /// Scans all bytes of a file as one message.
  ///
  /// - Throws: `GraphError.malformed` naming file and byte.
  init(_ source: ONNXBytes, as descriptor: MessageDescriptor) throws(GraphError) {
    self.source = source
    try scan(0..<source.bytes.count, as: descriptor, depth: 0, graphs: 0)
  }

  private mutating func scan(
    _ range: Range<Int>, as descriptor: MessageDescriptor, depth: Int, graphs: Int
  ) throws(GraphError) {
    let graphs = descriptor == graph ? graphs + 1 : graphs
    guard graphs <= Self.deepestGraph, depth <= Self.deepestMessage else {
      throw source.malformed(
        "graphs or messages nest too deep (\(Self.deepestGraph) graphs) at byte \(range.lowerBound)")
    }
    let unread = descriptor == graph ? Self.unread.graph : descriptor == node ? Self.unread.node : []
    var reader = WireReader(source, range: range)
    var seen: UInt64 = 0
    var payload = TensorPayload()
    while true {
      let start = reader.position
      guard let found = try reader.next() else { break }
      guard !unread.contains(found.number), let field = descriptor.field(found.number) else { continue }
      guard field.accepts(found.type) else {
        throw source.malformed("\(descriptor.name).\(field.name) has wire type \(found.type.rawValue) at byte \(start)")
      }
      if let slot = field.singularSlot {
        guard seen & (1 << slot) == 0 else {
          throw source.malformed("\(descriptor.name).\(field.name) is given twice at byte \(start)")
        }
        seen |= 1 << slot
      }
      if descriptor == tensor, payload.take(found, from: start) { continue }
      try copy(found, field, in: descriptor, depth: depth, graphs: graphs)
    }
    if !payload.isEmpty {
      appendKey(FieldNumber.Tensor.raw, .lengthDelimited)
      appendVarint(8)
      withUnsafeBytes(of: UInt64(payloads.count).littleEndian) { reduced.append(contentsOf: $0) }
      payloads.append(payload)
    }
  }

  /// Copies a field into the reduced message.
  private mutating func copy(
    _ found: WireReader.Field, _ field: MessageDescriptor.Field, in descriptor: MessageDescriptor, depth: Int,
    graphs: Int
  ) throws(GraphError) {
    appendKey(found.number, found.type)
    if let message = field.message {
      // The reduced length is known only afterwards: five bytes hold any, padded as the wire format allows.
      let place = reduced.count
      reduced.append(contentsOf: [0x80, 0x80, 0x80, 0x80, 0x00])
      try scan(found.payload, as: message, depth: depth + 1, graphs: graphs)
      var length = reduced.count - place - 5
      for i in 0..<5 {
        reduced[place + i] = UInt8(length & 0x7F) | (i < 4 ? 0x80 : 0)
        length >>= 7
      }
      return
    }
    let bytes = source.bytes[found.payload]
    if field.isText, bytes.contains(0) {
      throw source.malformed("\(descriptor.name).\(field.name) holds a zero byte at byte \(found.payload.lowerBound)")
    }
    if found.type == .lengthDelimited { appendVarint(UInt64(bytes.count)) }
    reduced.append(contentsOf: bytes)
  }

  private mutating func appendKey(_ number: UInt32, _ type: WireReader.WireType) {
    appendVarint(UInt64(number) << 3 | type.rawValue)
  }

  private mutating func appendVarint(_ value: UInt64) { reduced.appendVarint(value) }
}

/// Where in a file the elements of one tensor lie.
struct TensorPayload {
  /// A stretch of elements in one of the typed fields.
  struct Chunk {
    /// The field's number.
    var field: UInt32
    /// Whether the stretch is elements only; otherwise each element follows its key.
    var isPacked: Bool
    /// The bytes.
    var range: Range<Int>
  }

  /// The bytes of `raw_data`.
  private(set) var raw: Range<Int>?
  /// The elements of typed fields, in the order of the file.
  private(set) var chunks: [Chunk] = []

  /// Whether the tensor has no elements in the file.
  var isEmpty: Bool { raw == nil && chunks.isEmpty }

  /// Notes a field's place, if it holds elements; strings do not count.
  mutating func take(_ found: WireReader.Field, from start: Int) -> Bool {
    switch found.number {
    case FieldNumber.Tensor.raw:
      raw = found.payload
    case FieldNumber.Tensor.floats, FieldNumber.Tensor.int32s, FieldNumber.Tensor.int64s, FieldNumber.Tensor.doubles,
      FieldNumber.Tensor.uint64s:
      let packed = found.type == .lengthDelimited
      if !packed, let last = chunks.indices.last, !chunks[last].isPacked, chunks[last].field == found.number,
        chunks[last].range.upperBound == start
      {
        chunks[last].range = chunks[last].range.lowerBound..<found.payload.upperBound
      } else {
        chunks.append(
          Chunk(field: found.number, isPacked: packed, range: packed ? found.payload : start..<found.payload.upperBound)
        )
      }
    default: return false
    }
    return true
  }
}
