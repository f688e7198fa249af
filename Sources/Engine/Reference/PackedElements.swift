import Graph

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

extension UInt8 {
  /// The low bits as a number in two's complement.
  @inline(__always) func signExtended(bits: Int) -> Int8 {
    let shift = 8 - bits
    return Int8(truncatingIfNeeded: self << shift) >> shift
  }
}
