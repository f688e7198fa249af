import Foundation
import Graph

extension Tensor {
  /// Encodes the tensor as NumPy does: version 1.0 (2.0 where the shape is too long for it), C order, the header padded to
  /// 64 bytes.
  ///
  /// Types that NumPy lacks are written as what holds them exactly: bfloat16 and floats of 8 bits and fewer as float32,
  /// integers of 4 and 2 bits as int8 or uint8.
  public func npyData() -> Data {
    let (description, body) = strings.map(Self.encoded) ?? storableInNumPy().encodedNumbers()
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let header = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // The magic word, the version, the length of the header, the header with at least the newline behind it.
    let isLong = header.utf8.count + 64 > UInt16.max
    let prefix = isLong ? 12 : 10
    let padding = String(repeating: " ", count: 63 - (prefix + header.utf8.count) % 64) + "\n"
    let length = UInt32(header.utf8.count + padding.utf8.count).littleEndianBytes
    var data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, isLong ? 2 : 1, 0] + length.prefix(isLong ? 4 : 2))
    data += Data(header.utf8) + Data(padding.utf8)
    return data + body
  }

  /// NumPy's type `U`: UTF-32, padded with zeros to the longest text.
  private static func encoded(_ strings: [String]) -> (description: String, body: Data) {
    let width = max(1, strings.map(\.unicodeScalars.count).max() ?? 1)
    var body = Data()
    for string in strings {
      let scalars = string.unicodeScalars
      body += scalars.flatMap(\.value.littleEndianBytes) + Array(repeating: 0, count: (width - scalars.count) * 4)
    }
    return ("<U\(width)", body)
  }

  /// The bytes of a type that NumPy has.
  private func encodedNumbers() -> (description: String, body: Data) {
    let body = withBytes { bytes in Data(bytes.indices.map { bytes[$0] }) } ?? Data()
    return ((dataType.bitWidth == 8 ? "|" : "<") + (NPYHeader.codes[dataType] ?? "V\(dataType.bitWidth / 8)"), body)
  }

  private func storableInNumPy() -> Tensor {
    switch dataType {
    case .bfloat16: Tensor(shape: shape, (elements(BFloat16.self) ?? []).map(\.float))
    default: decodingNarrowElements() ?? self
    }
  }
}

extension UInt32 {
  fileprivate var littleEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}
