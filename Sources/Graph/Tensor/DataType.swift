/// The element type of a tensor; raw values are those of `TensorProto.DataType` in ONNX.
public enum DataType: Int32, Sendable, CaseIterable, Hashable {
  /// 32-bit IEEE 754.
  case float32 = 1
  /// Unsigned, 8 bits.
  case uint8 = 2
  /// Two's complement, 8 bits.
  case int8 = 3
  /// Unsigned, 16 bits.
  case uint16 = 4
  /// Two's complement, 16 bits.
  case int16 = 5
  /// Two's complement, 32 bits.
  case int32 = 6
  /// Two's complement, 64 bits.
  case int64 = 7
  /// Text in UTF-8, of any length.
  case string = 8
  /// A byte, 0 or 1.
  case bool = 9
  /// 16-bit IEEE 754.
  case float16 = 10
  /// 64-bit IEEE 754.
  case float64 = 11
  /// Unsigned, 32 bits.
  case uint32 = 12
  /// Unsigned, 64 bits.
  case uint64 = 13
  /// Two 32-bit floats: real, then imaginary part.
  case complex64 = 14
  /// Two 64-bit floats: real, then imaginary part.
  case complex128 = 15
  /// The upper half of a 32-bit float.
  case bfloat16 = 16
  /// 4 bits of exponent, 3 of mantissa; finite numbers and NaN.
  case float8E4M3FN = 17
  /// As `float8E4M3FN` with a bias of 8, one NaN and a zero without sign.
  case float8E4M3FNUZ = 18
  /// 5 bits of exponent, 2 of mantissa; with infinities, as IEEE 754 would have it.
  case float8E5M2 = 19
  /// As `float8E5M2` with a bias of 16, one NaN, no infinities and a zero without sign.
  case float8E5M2FNUZ = 20
  /// Unsigned, 4 bits.
  case uint4 = 21
  /// Two's complement, 4 bits.
  case int4 = 22
  /// 2 bits of exponent, 1 of mantissa; finite numbers alone.
  case float4E2M1 = 23
  /// A power of two, by its exponent; neither sign nor zero.
  case float8E8M0 = 24
  /// Unsigned, 2 bits.
  case uint2 = 25
  /// Two's complement, 2 bits.
  case int2 = 26
  /// 2 bits of exponent, 3 of mantissa; finite numbers alone.
  case float6E2M3 = 27
  /// 3 bits of exponent, 2 of mantissa; finite numbers alone.
  case float6E3M2 = 28

  /// Bits that one element takes; 0 for strings, whose elements have no fixed size.
  public var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4E2M1: 4
    case .float6E2M3, .float6E3M2: 6
    case .uint8, .int8, .bool, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Bytes that `count` elements take, packed: two 4-bit or four 2-bit elements to a byte, four 6-bit ones to three, the
  /// first in the low bits.
  ///
  /// Saturates at `Int.max` rather than overflow, so that a size that lies fails every comparison with real bytes.
  public func byteCount(elements count: Int) -> Int {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    return overflow ? Int.max : bits / 8 + (bits % 8 == 0 ? 0 : 1)
  }

  /// Whether elements are real numbers with an exponent.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float16, .float64, .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ,
      .float4E2M1, .float6E2M3, .float6E3M2, .float8E8M0:
      true
    default: false
    }
  }

  /// Whether elements are whole numbers; false for booleans.
  public var isInteger: Bool {
    switch self {
    case .uint2, .int2, .uint4, .int4, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }
}

extension DataType: CustomStringConvertible {
  /// The name that ONNX's documentation uses, such as `float`, `int64`, `bfloat16`.
  public var description: String {
    switch self {
    case .float32: "float"
    case .uint8: "uint8"
    case .int8: "int8"
    case .uint16: "uint16"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .string: "string"
    case .bool: "bool"
    case .float16: "float16"
    case .float64: "double"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .complex64: "complex64"
    case .complex128: "complex128"
    case .bfloat16: "bfloat16"
    case .float8E4M3FN: "float8e4m3fn"
    case .float8E4M3FNUZ: "float8e4m3fnuz"
    case .float8E5M2: "float8e5m2"
    case .float8E5M2FNUZ: "float8e5m2fnuz"
    case .uint4: "uint4"
    case .int4: "int4"
    case .float4E2M1: "float4e2m1"
    case .float8E8M0: "float8e8m0"
    case .uint2: "uint2"
    case .int2: "int2"
    case .float6E2M3: "float6e2m3"
    case .float6E3M2: "float6e3m2"
    }
  }
}
