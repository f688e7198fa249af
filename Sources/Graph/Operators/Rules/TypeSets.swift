extension Set<DataType> {
  /// Floating-point types that arithmetic is defined on.
  public static let floats: Self = [.float32, .float64, .float16, .bfloat16]
  /// Signed whole numbers of at least a byte.
  package static let signedIntegers: Self = [.int8, .int16, .int32, .int64]
  /// Unsigned whole numbers of at least a byte.
  package static let unsignedIntegers: Self = [.uint8, .uint16, .uint32, .uint64]
  /// Whole numbers of at least a byte.
  package static let integers = signedIntegers.union(unsignedIntegers)
  /// Floating-point types of a byte or less, for storage only.
  package static let narrowFloats: Self = [
    .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1, .float6E2M3, .float6E3M2,
  ]
  /// What arithmetic is defined on.
  package static let numbers = floats.union(integers)
  /// Numbers with a sign.
  package static let signed = floats.union(signedIntegers)
  /// Types that index other tensors.
  package static let indices: Self = [.int32, .int64]
  /// Pairs of real and imaginary part.
  package static let complex: Self = [.complex64, .complex128]
  /// Every type of one number, text and truth values included.
  package static let all = Set(DataType.allCases)
}
