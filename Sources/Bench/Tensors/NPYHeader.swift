import Graph

/// The header of a `.npy` file: a Python dictionary of three keys.
///
///     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 224, 224), }
///
/// NumPy, "numpy.lib.format", versions 1.0 to 3.0.
struct NPYHeader: Equatable {
  var description: String
  var isFortranOrder: Bool
  var shape: [Int]

  /// Reads the dictionary; nil if it is not as NumPy writes it.
  init?(parsing text: String) {
    guard let description = Self.value(of: "descr", in: text).flatMap(Self.quoted),
      let order = Self.value(of: "fortran_order", in: text),
      let tuple = Self.value(of: "shape", in: text), tuple.first == "(", let end = tuple.firstIndex(of: ")")
    else { return nil }
    self.description = description
    if order.hasPrefix("True") {
      isFortranOrder = true
    } else if order.hasPrefix("False") {
      isFortranOrder = false
    } else {
      return nil
    }
    let sizes = tuple[tuple.index(after: tuple.startIndex)..<end].split(separator: ",", omittingEmptySubsequences: true)
      .map { $0.filter { $0 != " " && $0 != "L" } }.filter { !$0.isEmpty }
    shape = sizes.compactMap { Int($0) }
    guard shape.count == sizes.count, shape.allSatisfy({ $0 >= 0 }) else { return nil }
  }

  /// What follows a key and its colon.
  private static func value(of key: String, in text: String) -> Substring? {
    for quote in ["'", "\""] {
      guard let range = text.range(of: quote + key + quote) else { continue }
      let rest = text[range.upperBound...].drop { $0 == " " }
      guard rest.first == ":" else { return nil }
      return rest.dropFirst().drop { $0 == " " }
    }
    return nil
  }

  private static func quoted(_ text: Substring) -> String? {
    guard let quote = text.first, quote == "'" || quote == "\"" else { return nil }
    let inner = text.dropFirst()
    return inner.firstIndex(of: quote).map { String(inner[..<$0]) }
  }

  /// What NumPy calls a type's elements, without byte order; absent for types that NumPy has not.
  static let codes: [DataType: String] = [
    .float32: "f4", .float64: "f8", .float16: "f2", .int8: "i1", .int16: "i2", .int32: "i4", .int64: "i8", .uint8: "u1",
    .uint16: "u2", .uint32: "u4", .uint64: "u8", .bool: "b1", .complex64: "c8", .complex128: "c16",
  ]

  /// The type of the elements and whether their bytes are in big-endian order; nil for types that ONNX has not.
  var elements: (type: DataType, isBigEndian: Bool)? {
    guard let order = description.first, "<>|=".contains(order),
      let type = Self.codes.first(where: { $0.value == description.dropFirst() })?.key
    else { return nil }
    return (type, order == ">")
  }
}
