import Foundation
import Graph

/// Numbers as text and back. ONNX, Cast.
extension Evaluation {
  /// Each element as text, as numpy writes it: the shortest digits that give the same number.
  package func texts(of tensor: Tensor) throws(GraphError) -> [String] {
    if let strings = tensor.strings { return strings }
    switch tensor.dataType {
    case .bool: return try tensor.array(Bool8.self).map { $0.value ? "True" : "False" }
    case .uint64: return try tensor.array(UInt64.self).map(String.init)
    case .float64: return try tensor.array(Double.self).map { Self.text($0.description, exponent: $0 == 0 ? 0 : $0) }
    case .float16: return try tensor.array(Float16.self).map { Self.text($0.description, exponent: Double($0)) }
    default:
      if tensor.dataType.isInteger {
        return try (tensor.dataType == .int64 ? tensor : tensor.narrowed(to: .int64)).array(Int64.self).map(String.init)
      }
      let wide = tensor.widened()
      guard wide.dataType == .float32 else { throw unsupported(tensor.dataType) }
      return try wide.array(Float.self).map { Self.text($0.description, exponent: Double($0)) }
    }
  }

  /// Swift's shortest digits, with the point and the exponent where numpy has them.
  private static func text(_ digits: String, exponent value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let parts = digits.split(separator: "e")
    let magnitude = value.magnitude
    if parts.count == 1 && (value == 0 || (magnitude >= 1 && magnitude < 1e16)) { return digits }
    let negative = digits.hasPrefix("-")
    let mantissa = parts[0].drop { $0 == "-" }
    let point = mantissa.firstIndex(of: ".").map { mantissa.distance(from: mantissa.startIndex, to: $0) }
    var written = mantissa.filter { $0 != "." }
    var power = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + (point ?? mantissa.count) - 1
    while written.count > 1, written.hasPrefix("0") {
      written.removeFirst()
      power -= 1
    }
    while written.count > 1, written.hasSuffix("0") { written.removeLast() }
    if power < -4 || power >= 16 {
      let rest = written.dropFirst()
      let sign = power < 0 ? "-" : "+"
      let exponent = (abs(power) < 10 ? "0" : "") + String(abs(power))
      return (negative ? "-" : "") + written.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + sign + exponent
    }
    let whole: String
    if power < 0 {
      whole = "0." + String(repeating: "0", count: -power - 1) + written
    } else if written.count <= power + 1 {
      whole = written + String(repeating: "0", count: power + 1 - written.count) + ".0"
    } else {
      whole = written.prefix(power + 1) + "." + written.dropFirst(power + 1)
    }
    return (negative ? "-" : "") + whole
  }

  /// The numbers that texts write, as doubles, or as 64-bit whole numbers if whole ones are asked for.
  ///
  /// - Throws: an invalid value naming the first text that is no number.
  package func numbers(of strings: [String], shape: [Int], as type: DataType) throws(GraphError) -> Tensor {
    let trimmed = strings.map { $0.trimmingCharacters(in: .whitespaces) }
    if type.isInteger {
      let whole = trimmed.compactMap { Int64($0) }
      if whole.count == trimmed.count { return Tensor(shape: shape, whole) }
    }
    var values: [Double] = []
    for text in trimmed {
      guard let value = Self.number(text) else { throw invalid(0, expected: "texts of numbers", found: "'\(text)'") }
      values.append(value)
    }
    return Tensor(shape: shape, values)
  }

  private static func number(_ text: String) -> Double? {
    switch text.lowercased() {
    case "inf", "+inf", "infinity": .infinity
    case "-inf", "-infinity": -.infinity
    case "nan": .nan
    case "true": 1
    case "false": 0
    default: Double(text)
    }
  }
}
