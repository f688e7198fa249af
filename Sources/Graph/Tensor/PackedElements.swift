/// Elements of less than a byte, as bytes of their own and packed.
extension Tensor {
  /// The bits of each element in the low bits of a byte; nil for types of a byte or more.
  package func unpackedCodes() -> [UInt8]? {
    let width = dataType.bitWidth
    guard (1..<8).contains(width) else { return nil }
    let mask = UInt16(1) << UInt16(width) &- 1
    let count = self.count
    return withBytes { bytes in
      Array(unsafeUninitializedCapacity: count) { codes, initialized in
        for index in 0..<count {
          let bit = index * width
          let low = UInt16(bytes[bit / 8])
          let high = bit / 8 + 1 < bytes.count ? UInt16(bytes[bit / 8 + 1]) << 8 : 0
          codes.initializeElement(at: index, to: UInt8((low | high) >> UInt16(bit % 8) & mask))
        }
        initialized = count
      }
    }
  }

  /// Packs the low bits of bytes into a tensor of a type of less than a byte.
  package init(shape: [Int], packing codes: [UInt8], as dataType: DataType) {
    let width = dataType.bitWidth
    let mask = UInt16(1) << UInt16(width) &- 1
    self.init(dataType: dataType, shape: shape) { bytes in
      for (index, code) in codes.enumerated() {
        let bit = index * width
        let shifted = (UInt16(code) & mask) << UInt16(bit % 8)
        bytes[bit / 8] |= UInt8(truncatingIfNeeded: shifted)
        if shifted > 0xFF { bytes[bit / 8 + 1] |= UInt8(shifted >> 8) }
      }
    }
  }
}

/// Numbers that no Swift type has.
extension Tensor {
  /// The numbers of a type of less than a byte or of floating point in a byte, in the narrowest Swift type that holds them
  /// exactly: `Int8`, `UInt8` or `Float`; nil for other types.
  package func decodingNarrowElements() -> Tensor? {
    let width = dataType.bitWidth
    switch dataType {
    case .int2, .int4:
      return unpackedCodes().map { codes in
        Tensor(shape: shape, codes.map { Int8(bitPattern: $0 << UInt8(8 - width)) >> Int8(8 - width) })
      }
    case .uint2, .uint4: return unpackedCodes().map { Tensor(shape: shape, $0) }
    case .float8E8M0: return decoded(by: PowerOfTwoFormat.values)
    default: return MiniFloat.format(of: dataType).flatMap { decoded(by: $0.values) }
    }
  }

  private func decoded(by table: [Float]) -> Tensor? {
    if let codes = unpackedCodes() { return Tensor(shape: shape, codes.map { table[Int($0)] }) }
    return withBytes { bytes in
      Tensor(shape: shape, of: Float.self) { output in
        for i in bytes.indices { output[i] = table[Int(bytes[i])] }
      }
    }
  }
}
