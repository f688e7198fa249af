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
    default: NarrowNumber.decode(tensor)
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

/// Numbers of at most 8 bits: integers of 2 and 4 bits, floats of 4, 6 and 8.
///
/// OCP, "Microscaling Formats (MX) Specification 1.0" and "8-bit Floating Point Specification"; ONNX, "Float stored in 8 bits".
package enum NarrowNumber {
  /// The elements of a tensor of such a type.
  package static func decode(_ tensor: Tensor) -> [Double] {
    let width = tensor.dataType.bitWidth
    guard width <= 8, width > 0 else { return [] }
    let table = (0..<(1 << width)).map { value(of: $0, type: tensor.dataType) }
    return tensor.withBytes { bytes in
      (0..<tensor.count).map { index in
        let bit = index * width
        let low = Int(bytes[bit / 8])
        let high = bit / 8 + 1 < bytes.count ? Int(bytes[bit / 8 + 1]) : 0
        return table[((high << 8 | low) >> (bit % 8)) & (table.count - 1)]
      }
    } ?? []
  }

  private static func value(of code: Int, type: DataType) -> Double {
    switch type {
    case .uint2, .uint4: Double(code)
    case .int2: Double(code < 2 ? code : code - 4)
    case .int4: Double(code < 8 ? code : code - 16)
    case .float4E2M1: float(code, exponent: 2, mantissa: 1, bias: 1)
    case .float6E2M3: float(code, exponent: 2, mantissa: 3, bias: 1)
    case .float6E3M2: float(code, exponent: 3, mantissa: 2, bias: 3)
    case .float8E4M3FN: code & 0x7F == 0x7F ? .nan : float(code, exponent: 4, mantissa: 3, bias: 7)
    case .float8E4M3FNUZ: code == 0x80 ? .nan : float(code, exponent: 4, mantissa: 3, bias: 8)
    case .float8E5M2:
      code & 0x7F < 0x7C
        ? float(code, exponent: 5, mantissa: 2, bias: 15)
        : code & 3 != 0 ? .nan : code < 0x80 ? .infinity : -.infinity
    case .float8E5M2FNUZ: code == 0x80 ? .nan : float(code, exponent: 5, mantissa: 2, bias: 16)
    case .float8E8M0: code == 0xFF ? .nan : pow(2, Double(code - 127))
    default: .nan
    }
  }

  private static func float(_ code: Int, exponent: Int, mantissa: Int, bias: Int) -> Double {
    let sign = code >> (exponent + mantissa) == 0 ? 1.0 : -1.0
    let power = (code >> mantissa) & ((1 << exponent) - 1)
    let fraction = Double(code & ((1 << mantissa) - 1)) / Double(1 << mantissa)
    return sign * (power == 0 ? fraction * pow(2, Double(1 - bias)) : (1 + fraction) * pow(2, Double(power - bias)))
  }
}
