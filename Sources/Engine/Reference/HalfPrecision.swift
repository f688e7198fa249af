import Graph

/// Conversions between 16-bit and 32-bit floats by whole-number arithmetic, which compilers turn into vector code on every processor.
package enum HalfPrecision {
  /// The exact value of a `float16`.
  @inline(__always) package static func float(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let sign = UInt32(bits & 0x8000) << 16
    // Multiplication by 2^112 corrects the bias and makes subnormal numbers normal.
    let scaled = (Float(bitPattern: magnitude) * Float(bitPattern: 0x7780_0000)).bitPattern
    let special = magnitude >= 0x0F80_0000 ? magnitude | 0x7F80_0000 : scaled
    return Float(bitPattern: special | sign)
  }

  /// The nearest `float16`, ties to even; a NaN stays a NaN.
  @inline(__always) package static func bits(_ value: Float) -> UInt16 {
    let raw = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: (raw & 0x8000_0000) >> 16)
    let magnitude = raw & 0x7FFF_FFFF
    if magnitude >= 0x4780_0000 { return sign | (magnitude > 0x7F80_0000 ? 0x7E00 : 0x7C00) }
    if magnitude < 0x3880_0000 {
      // Subnormal: adding 1/2 lets the processor round to multiples of 2^-24.
      let rounded = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
      return sign | UInt16(truncatingIfNeeded: rounded)
    }
    let odd = (magnitude >> 13) & 1
    return sign | UInt16(truncatingIfNeeded: (magnitude &+ 0xC800_0FFF &+ odd) >> 13)
  }
}
