import Foundation
import Graph

/// An element of any numeric type as a number; real ones have no imaginary part.
package struct ComplexNumber: Equatable {
  package var real: Double
  package var imaginary = 0.0

  var isNaN: Bool { real.isNaN || imaginary.isNaN }
  var length: Double { imaginary == 0 ? abs(real) : hypot(real, imaginary) }
}

/// The elements of a tensor of any type but strings as numbers.
package struct NumericElements {
  private let parts: [Double]
  private let isComplex: Bool
  private let isFloating: Bool

  /// Converts all elements; 64-bit integers beyond 2⁵³ are rounded.
  package init(_ tensor: Tensor) {
    isComplex = tensor.dataType == .complex64 || tensor.dataType == .complex128
    isFloating = isComplex || tensor.dataType.isFloatingPoint
    parts = Self.parts(of: tensor)
  }

  package subscript(index: Int) -> ComplexNumber {
    isComplex
      ? ComplexNumber(real: parts[2 * index], imaginary: parts[2 * index + 1]) : ComplexNumber(real: parts[index])
  }

  func description(at index: Int) -> String {
    let number = self[index]
    if isComplex { return "\(number.real)\(number.imaginary < 0 ? "-" : "+")\(abs(number.imaginary))i" }
    return isFloating ? String(format: "%.9g", number.real) : String(format: "%.0f", number.real)
  }

  private static func parts(of tensor: Tensor) -> [Double] {
    func converted<Element: TensorElement>(_ element: Element.Type, _ number: (Element) -> Double) -> [Double] {
      tensor.elements(element)?.map(number) ?? []
    }
    return switch tensor.dataType {
    case .float32: converted(Float.self) { Double($0) }
    case .float64: converted(Double.self) { $0 }
    case .float16: converted(Float16.self) { Double($0) }
    case .bfloat16: converted(BFloat16.self) { Double($0.float) }
    case .int8: converted(Int8.self) { Double($0) }
    case .int16: converted(Int16.self) { Double($0) }
    case .int32: converted(Int32.self) { Double($0) }
    case .int64: converted(Int64.self) { Double($0) }
    case .uint8: converted(UInt8.self) { Double($0) }
    case .uint16: converted(UInt16.self) { Double($0) }
    case .uint32: converted(UInt32.self) { Double($0) }
    case .uint64: converted(UInt64.self) { Double($0) }
    case .bool: converted(Bool8.self) { $0.value ? 1 : 0 }
    case .complex64:
      components(of: tensor, size: 4).map { Double(Float(bitPattern: UInt32($0))) }
    case .complex128:
      components(of: tensor, size: 8).map { Double(bitPattern: $0) }
    case .string: []
    default: tensor.decodingNarrowElements().map(parts) ?? []
    }
  }

  /// The little-endian words of a tensor's bytes.
  private static func components(of tensor: Tensor, size: Int) -> [UInt64] {
    tensor.withBytes { bytes in
      (0..<bytes.count / size).map { word in
        (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[word * size + $1]) << UInt64(8 * $1) }
      }
    } ?? []
  }
}
