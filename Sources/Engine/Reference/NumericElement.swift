import Foundation
import Graph

/// A number in which references compute: each operation is total, so no data can trap.
///
/// Whole numbers wrap around as in two's complement; a division by zero gives 0, as numpy's does.
package protocol NumericElement: TensorElement, Comparable {
  /// 0.
  static var zero: Self { get }
  /// 1.
  static var one: Self { get }
  /// The least number, minus infinity for floating point.
  static var lowest: Self { get }
  /// The greatest number, infinity for floating point.
  static var highest: Self { get }
  /// Sum.
  func plus(_ other: Self) -> Self
  /// Difference.
  func minus(_ other: Self) -> Self
  /// Product.
  func times(_ other: Self) -> Self
  /// Quotient; whole numbers round towards zero.
  func over(_ other: Self) -> Self
  /// Remainder with the sign of the dividend, as C's `fmod` and `%`.
  func remainder(towardZero other: Self) -> Self
  /// Remainder with the sign of the divisor, as Python's `%`.
  func remainder(floored other: Self) -> Self
  /// Whether it is not a number.
  var isNotANumber: Bool { get }
  /// The nearest `Double`.
  var double: Double { get }
  /// The nearest `Float`.
  var float: Float { get }
  /// The number as a whole one: rounded towards zero, clamped, 0 for NaN; a `uint64` keeps its bits.
  var int64: Int64 { get }
  /// The nearest number of this type; whole numbers round towards zero and keep the low bits.
  init(numeric value: Double)
  /// The nearest number of this type; whole numbers keep the low bits.
  init(numeric value: Int64)
}

extension NumericElement where Self: FixedWidthInteger {
  package static var one: Self { 1 }
  package static var lowest: Self { min }
  package static var highest: Self { max }
  @inlinable package func plus(_ other: Self) -> Self { self &+ other }
  @inlinable package func minus(_ other: Self) -> Self { self &- other }
  @inlinable package func times(_ other: Self) -> Self { self &* other }
  @inlinable package func over(_ other: Self) -> Self {
    other == 0 ? 0 : dividedReportingOverflow(by: other).partialValue
  }
  @inlinable package func remainder(towardZero other: Self) -> Self {
    other == 0 ? 0 : remainderReportingOverflow(dividingBy: other).partialValue
  }
  @inlinable package func remainder(floored other: Self) -> Self {
    let rest = remainder(towardZero: other)
    return rest != 0 && (rest < 0) != (other < 0) ? rest &+ other : rest
  }
  @inlinable package var isNotANumber: Bool { false }
  @inlinable package var double: Double { Double(self) }
  @inlinable package var float: Float { Float(self) }
  @inlinable package var int64: Int64 { Int64(truncatingIfNeeded: self) }
  @inlinable package init(numeric value: Int64) { self.init(truncatingIfNeeded: value) }
  @inlinable package init(numeric value: Double) {
    if Self.self == UInt64.self, value >= 0x1p63 {
      self.init(truncatingIfNeeded: value < 0x1p64 ? UInt64(value) : UInt64.max)
    } else {
      self.init(truncatingIfNeeded: value.int64)
    }
  }
}

extension Int8: NumericElement {}
extension Int16: NumericElement {}
extension Int32: NumericElement {}
extension Int64: NumericElement {}
extension UInt8: NumericElement {}
extension UInt16: NumericElement {}
extension UInt32: NumericElement {}
extension UInt64: NumericElement {}

/// A floating-point number in which references compute.
package protocol RealElement: NumericElement, BinaryFloatingPoint {
  /// Picks the function of the right precision.
  static func apply(
    _ value: Self, float: (Float) -> Float, double: (Double) -> Double
  ) -> Self
  /// `self` to the power of `exponent`.
  func power(_ exponent: Self) -> Self
  /// e to the power of `self`.
  var exponential: Self { get }
  /// Natural logarithm.
  var logarithm: Self { get }
}

extension RealElement {
  package static var one: Self { 1 }
  package static var lowest: Self { -.infinity }
  package static var highest: Self { .infinity }
  @inlinable package func plus(_ other: Self) -> Self { self + other }
  @inlinable package func minus(_ other: Self) -> Self { self - other }
  @inlinable package func times(_ other: Self) -> Self { self * other }
  @inlinable package func over(_ other: Self) -> Self { self / other }
  @inlinable package func remainder(towardZero other: Self) -> Self { truncatingRemainder(dividingBy: other) }
  @inlinable package func remainder(floored other: Self) -> Self {
    let rest = truncatingRemainder(dividingBy: other)
    return rest != 0 && (rest < 0) != (other < 0) ? rest + other : rest
  }
  @inlinable package var isNotANumber: Bool { isNaN }
  @inlinable package var int64: Int64 {
    if isNaN { return 0 }
    guard self < 0x1p63 else { return .max }
    guard self >= -0x1p63 else { return .min }
    return Int64(self)
  }
  @inlinable package init(numeric value: Double) { self.init(value) }
  @inlinable package init(numeric value: Int64) { self.init(value) }
}

extension Float: RealElement {
  @inlinable package static func apply(
    _ value: Float, float: (Float) -> Float, double: (Double) -> Double
  ) -> Float { float(value) }
  @inlinable package func power(_ exponent: Float) -> Float { Foundation.pow(self, exponent) }
  @inlinable package var exponential: Float { Foundation.exp(self) }
  @inlinable package var logarithm: Float { Foundation.log(self) }
  @inlinable package var double: Double { Double(self) }
  @inlinable package var float: Float { self }
}

extension Double: RealElement {
  @inlinable package static func apply(
    _ value: Double, float: (Float) -> Float, double: (Double) -> Double
  ) -> Double { double(value) }
  @inlinable package func power(_ exponent: Double) -> Double { Foundation.pow(self, exponent) }
  @inlinable package var exponential: Double { Foundation.exp(self) }
  @inlinable package var logarithm: Double { Foundation.log(self) }
  @inlinable package var double: Double { self }
  @inlinable package var float: Float { Float(self) }
}
