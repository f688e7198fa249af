import Foundation
import Graph

/// An element of any numeric type as a number; real ones have no imaginary part.
package struct ComplexNumber: Equatable {
  package var real: Double
  package var imaginary = 0.0

  var isNaN: Bool { real.isNaN || imaginary.isNaN }
  var complexText: String { "\(real)\(imaginary < 0 ? "-" : "+")\(abs(imaginary))i" }
  var magnitude: Double { imaginary == 0 ? abs(real) : hypot(real, imaginary) }
}

/// The elements of a tensor of any type but strings as numbers.
package struct NumericElements {
  private enum Storage {
    /// All that a double holds exactly.
    case real([Double])
    /// Real and imaginary parts in turns.
    case complex([Double])
    case signed([Int64])
    case unsigned([UInt64])
  }

  private let storage: Storage
  private let isFloating: Bool

  /// Converts all elements.
  package init(_ tensor: Tensor) {
    storage = Self.storage(of: tensor)
    isFloating = tensor.dataType.isFloatingPoint
  }

  /// The nearest numbers that doubles hold: 64-bit integers beyond 2⁵³ are rounded.
  package subscript(index: Int) -> ComplexNumber {
    switch storage {
    case .real(let elements): ComplexNumber(real: elements[index])
    case .complex(let parts): ComplexNumber(real: parts[2 * index], imaginary: parts[2 * index + 1])
    case .signed(let elements): ComplexNumber(real: Double(elements[index]))
    case .unsigned(let elements): ComplexNumber(real: Double(elements[index]))
    }
  }

  /// How far an element lies from that of a tensor of the same type: 0 only if they are equal, integers of 64 bits too, or
  /// both NaN.
  func distance(to other: NumericElements, at index: Int) -> Double {
    switch (storage, other.storage) {
    case (.signed(let elements), .signed(let others)):
      let (a, b) = (elements[index], others[index])
      // Right beyond overflow too: the larger less the smaller, modulo 2⁶⁴.
      return Double(UInt64(bitPattern: Swift.max(a, b)) &- UInt64(bitPattern: Swift.min(a, b)))
    case (.unsigned(let elements), .unsigned(let others)):
      let (a, b) = (elements[index], others[index])
      return Double(Swift.max(a, b) - Swift.min(a, b))
    default:
      let (a, b) = (self[index], other[index])
      if a == b || (a.isNaN && b.isNaN) { return 0 }
      return ComplexNumber(real: a.real - b.real, imaginary: a.imaginary - b.imaginary).magnitude
    }
  }

  func description(at index: Int) -> String {
    switch storage {
    case .real(let elements): String(format: isFloating ? "%.9g" : "%.0f", elements[index])
    case .complex: self[index].complexText
    case .signed(let elements): "\(elements[index])"
    case .unsigned(let elements): "\(elements[index])"
    }
  }

  private static func storage(of tensor: Tensor) -> Storage {
    func converted<Element: TensorElement>(_ element: Element.Type, _ number: (Element) -> Double) -> Storage {
      .real(tensor.elements(element)?.map(number) ?? [])
    }
    return switch tensor.dataType {
    case .float32: converted(Float.self) { Double($0) }
    case .float64: converted(Double.self) { $0 }
    case .float16: converted(Float16.self) { Double($0) }
    case .bfloat16: converted(BFloat16.self) { Double($0.float) }
    case .int8: converted(Int8.self) { Double($0) }
    case .int16: converted(Int16.self) { Double($0) }
    case .int32: converted(Int32.self) { Double($0) }
    case .int64: .signed(tensor.elements(Int64.self) ?? [])
    case .uint8: converted(UInt8.self) { Double($0) }
    case .uint16: converted(UInt16.self) { Double($0) }
    case .uint32: converted(UInt32.self) { Double($0) }
    case .uint64: .unsigned(tensor.elements(UInt64.self) ?? [])
    case .bool: converted(Bool8.self) { $0.value ? 1 : 0 }
    case .complex64: .complex(components(of: tensor, size: 4).map { Double(Float(bitPattern: UInt32($0))) })
    case .complex128: .complex(components(of: tensor, size: 8).map { Double(bitPattern: $0) })
    case .string: .real([])
    default: tensor.decodingNarrowElements().map(storage) ?? .real([])
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
