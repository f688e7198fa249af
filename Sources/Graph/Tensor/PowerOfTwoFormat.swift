/// The format `float8e8m0`: a power of two, 2^(code - 127), or NaN; neither sign nor zero.
package enum PowerOfTwoFormat {
  /// How numbers between two powers are rounded.
  package enum Rounding: String, Sendable {
    /// To the greater one.
    case up
    /// To the less one.
    case down
    /// To the nearer one; ties go up.
    case nearest
  }

  /// The value of each bit pattern.
  package static let values: [Float] = (0..<256).map { code in
    switch code {
    case 0: Float(bitPattern: 0x0040_0000)
    case 255: .nan
    default: Float(bitPattern: UInt32(code) << 23)
    }
  }

  /// The bits of a number; the sign is ignored.
  package static func encode(_ value: Float, saturate: Bool, rounding: Rounding) -> UInt8 {
    let bits = value.bitPattern & 0x7FFF_FFFF
    let exponent = bits >> 23
    guard exponent < 255 else { return 255 }
    let fraction = bits & 0x7F_FFFF
    // Below 2^-126 the code 0 stands for 2^-127, whose bits are a fraction of a half.
    let exact: UInt32 = exponent == 0 ? 0x40_0000 : 0
    let roundsUp =
      switch rounding {
      case .up: fraction > exact
      case .down: false
      case .nearest: fraction >= exact / 2 + 0x40_0000
      }
    if roundsUp && !(saturate && exponent == 254) { return UInt8(exponent + 1) }
    return UInt8(exponent)
  }
}
