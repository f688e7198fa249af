/// Decodes the elements of one tensor from the typed fields of `TensorProto`, such as `int32_data`.
///
/// ONNX, onnx.proto, `TensorProto`: which field holds which type. `int32_data` has one entry for each element of a byte or more
/// and of six bits, and one for each byte of packed 4-bit and 2-bit elements.
struct TypedElements {
  let source: ONNXBytes
  let type: DataType
  let shape: [Int]
  let count: Int
  let label: String

  /// The number of the field that holds elements of the type.
  private var field: UInt32 {
    switch type {
    case .float32, .complex64: FieldNumber.Tensor.floats
    case .int64: FieldNumber.Tensor.int64s
    case .float64, .complex128: FieldNumber.Tensor.doubles
    case .uint32, .uint64: FieldNumber.Tensor.uint64s
    default: FieldNumber.Tensor.int32s
    }
  }

  /// Bytes of an entry on the wire; nil if it is a variable number.
  private var wireWidth: Int? {
    switch field {
    case FieldNumber.Tensor.floats: 4
    case FieldNumber.Tensor.doubles: 8
    default: nil
    }
  }

  private var isSixBits: Bool { type.bitWidth == 6 }

  /// Entries that the field must have.
  private var entryCount: Int {
    switch type {
    case .complex64, .complex128: 2 * count
    default: type.bitWidth < 8 && !isSixBits ? type.byteCount(elements: count) : count
    }
  }

  /// Bytes that an entry becomes in the tensor.
  private var entryWidth: Int { entryCount == 0 ? 1 : max(1, type.byteCount(elements: count) / entryCount) }

  /// The tensor.
  ///
  /// - Throws: `GraphError.malformed` if the entries are not as many as the shape demands.
  func tensor(_ chunks: [TensorPayload.Chunk]) throws(GraphError) -> Tensor {
    if let other = chunks.first(where: { $0.field != field }) {
      throw source.malformed("\(label): \(type) elements in field \(other.field), expected in field \(field)")
    }
    if let width = wireWidth, chunks.count == 1, chunks[0].isPacked, chunks[0].range.count == entryCount * width {
      return Tensor(dataType: type, shape: shape, storage: source.storage(chunks[0].range))
    }
    var found = 0
    try forEachEntry(of: chunks) { _ in found += 1 }
    guard found == entryCount else {
      throw source.malformed(
        "\(label): \(found) entries where \(TensorReader.describe(type, shape)) takes \(entryCount)")
    }
    return try Tensor(dataType: type, shape: shape) { (output) throws(GraphError) in
      var index = 0
      try forEachEntry(of: chunks) { entry in
        if isSixBits {
          let (byte, shift) = (index * 6 / 8, index * 6 % 8)
          let bits = UInt16(truncatingIfNeeded: entry & 0x3F) << UInt16(shift)
          output[byte] |= UInt8(truncatingIfNeeded: bits)
          if shift > 2 { output[byte + 1] |= UInt8(truncatingIfNeeded: bits >> 8) }
        } else {
          for byte in 0..<entryWidth {
            output[index * entryWidth + byte] = UInt8(truncatingIfNeeded: entry >> UInt64(8 * byte))
          }
        }
        index += 1
      }
    }
  }

  private func forEachEntry(
    of chunks: [TensorPayload.Chunk], _ body: (UInt64) -> Void
  ) throws(GraphError) {
    for chunk in chunks {
      var reader = WireReader(source, range: chunk.range)
      if !chunk.isPacked {
        while let element = try reader.next() { body(try entry(element.payload)) }
      } else if let width = wireWidth {
        guard chunk.range.count % width == 0 else {
          throw source.malformed("\(label): a part of an element at byte \(chunk.range.upperBound)")
        }
        for start in stride(from: chunk.range.lowerBound, to: chunk.range.upperBound, by: width) {
          body(fixed(start..<start + width))
        }
      } else {
        while !reader.isAtEnd { body(try reader.varint()) }
      }
    }
  }

  /// One element that follows its own key.
  private func entry(_ payload: Range<Int>) throws(GraphError) -> UInt64 {
    if wireWidth != nil { return fixed(payload) }
    var reader = WireReader(source, range: payload)
    return try reader.varint()
  }

  private func fixed(_ range: Range<Int>) -> UInt64 {
    source.bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
