/// The element type of a tensor; raw values are those of `TensorProto.DataType` in ONNX.
public enum DataType: Int32, Sendable, CaseIterable, Hashable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8E4M3FN = 17
  case float8E4M3FNUZ = 18
  case float8E5M2 = 19
  case float8E5M2FNUZ = 20
  case uint4 = 21
  case int4 = 22
  case float4E2M1 = 23
  case float8E8M0 = 24
  case uint2 = 25
  case int2 = 26
  case float6E2M3 = 27
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
