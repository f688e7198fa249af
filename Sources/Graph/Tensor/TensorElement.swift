/// A Swift type whose memory layout is that of a `DataType` with whole-byte elements.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The data type whose elements have this layout.
  static var dataType: DataType { get }
}

extension Float: TensorElement {
  /// 32-bit IEEE 754.
  public static var dataType: DataType { .float32 }
}

extension Double: TensorElement {
  /// 64-bit IEEE 754.
  public static var dataType: DataType { .float64 }
}

extension Float16: TensorElement {
  /// 16-bit IEEE 754.
  public static var dataType: DataType { .float16 }
}

extension Int8: TensorElement {
  /// Two's complement, 8 bits.
  public static var dataType: DataType { .int8 }
}

extension Int16: TensorElement {
  /// Two's complement, 16 bits.
  public static var dataType: DataType { .int16 }
}

extension Int32: TensorElement {
  /// Two's complement, 32 bits.
  public static var dataType: DataType { .int32 }
}

extension Int64: TensorElement {
  /// Two's complement, 64 bits.
  public static var dataType: DataType { .int64 }
}

extension UInt8: TensorElement {
  /// Unsigned, 8 bits.
  public static var dataType: DataType { .uint8 }
}

extension UInt16: TensorElement {
  /// Unsigned, 16 bits.
  public static var dataType: DataType { .uint16 }
}

extension UInt32: TensorElement {
  /// Unsigned, 32 bits.
  public static var dataType: DataType { .uint32 }
}

extension UInt64: TensorElement {
  /// Unsigned, 64 bits.
  public static var dataType: DataType { .uint64 }
}

/// A boolean element: one byte, 0 or 1.
///
/// A tensor's bytes come from files, so any value but 0 reads as true, which
/// `Swift.Bool` would not survive.
public struct Bool8: TensorElement, Hashable {
  /// The byte; any value but 0 is true.
  public var byte: UInt8
  /// Makes the byte 0 or 1.
  public init(_ value: Bool) { byte = value ? 1 : 0 }
  /// The truth value.
  public var value: Bool { byte != 0 }
  /// One byte.
  public static var dataType: DataType { .bool }
}

/// The upper half of a `Float`: 8 bits of exponent, 7 of mantissa.
public struct BFloat16: TensorElement, Hashable {
  /// The bits, the upper 16 of the same number as a `Float`.
  public var bits: UInt16
  /// Makes an element of these bits.
  public init(bits: UInt16) { self.bits = bits }
  /// Rounds to nearest, ties to even; a NaN stays a NaN.
  public init(_ value: Float) {
    guard !value.isNaN else {
      bits = 0x7FC0
      return
    }
    let raw = value.bitPattern
    bits = UInt16(truncatingIfNeeded: (raw &+ 0x7FFF &+ ((raw >> 16) & 1)) >> 16)
  }
  /// The exact value.
  public var float: Float { Float(bitPattern: UInt32(bits) << 16) }
  /// The upper half of a 32-bit float.
  public static var dataType: DataType { .bfloat16 }
}
