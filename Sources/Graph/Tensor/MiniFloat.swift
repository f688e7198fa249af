/// A floating-point format of at most a byte.
///
/// Sign, exponent and mantissa from the top; the least exponent holds subnormal numbers. ONNX, docs/docsgen/source/technical/float8.md;
/// Micikevicius et al., "FP8 Formats for Deep Learning" (2022); OCP, "Microscaling Formats (MX)", version 1.0.
package struct MiniFloat: Sendable {
  /// Bits of one element.
  let bitWidth: Int
  let mantissaBits: Int
  let bias: Int
  /// The bits of the greatest finite number.
  let maximum: UInt8
  /// The bits of plus infinity, if there is one.
  let infinity: UInt8?
  /// The bits of a NaN, if there is one.
  let nan: UInt8?
  /// Whether 0 has a sign; where not, its bits are the NaN.
  let hasNegativeZero: Bool
  /// The value of each bit pattern.
  package let values: [Float]

  private init(
    bitWidth: Int, mantissaBits: Int, bias: Int, maximum: UInt8, infinity: UInt8? = nil, nan: UInt8? = nil,
    hasNegativeZero: Bool = true
  ) {
    self.bitWidth = bitWidth
    self.mantissaBits = mantissaBits
    self.bias = bias
    self.maximum = maximum
    self.infinity = infinity
    self.nan = nan
    self.hasNegativeZero = hasNegativeZero
    let sign = 1 << (bitWidth - 1)
    values = (0..<1 << bitWidth).map { code in
      let magnitude = code & (sign - 1)
      let negative = code & sign != 0
      if !hasNegativeZero && magnitude == 0 && negative { return .nan }
      if magnitude > Int(maximum) {
        return infinity.map(Int.init) == magnitude ? (negative ? -.infinity : .infinity) : .nan
      }
      let exponent = magnitude >> mantissaBits
      let mantissa = Double(magnitude & ((1 << mantissaBits) - 1)) / Double(1 << mantissaBits)
      let value =
        exponent == 0
        ? Self.powerOfTwo(1 - bias) * mantissa : Self.powerOfTwo(exponent - bias) * (1 + mantissa)
      return Float(negative ? -value : value)
    }
  }

  private static func powerOfTwo(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

  /// The bits nearest to a number; ties go to the even one.
  ///
  /// - Parameter saturate: whether what is too large becomes the greatest finite number rather than infinity or NaN.
  package func encode(_ value: Double, saturate: Bool) -> UInt8 {
    let sign: UInt8 = value.sign == .minus ? 1 << (bitWidth - 1) : 0
    let magnitude = value.magnitude
    if value.isNaN { return hasNegativeZero ? (nan.map { sign | $0 } ?? 1 << (bitWidth - 1)) : nan ?? 0 }
    guard magnitude < .infinity else { return overflow(sign, saturate: saturate) }
    let exponent = magnitude == 0 ? 1 - bias : max(Int(magnitude.exponent), 1 - bias)
    guard exponent < 64 else { return overflow(sign, saturate: saturate) }
    let steps = Int((magnitude / Self.powerOfTwo(exponent - mantissaBits)).rounded(.toNearestOrEven))
    // The hidden bit of `steps` adds 1 to the exponent's field; so does a mantissa that rounds up to the next power.
    let code = ((exponent + bias - 1) << mantissaBits) + steps
    guard code <= Int(maximum) else { return overflow(sign, saturate: saturate) }
    return code == 0 && !hasNegativeZero ? 0 : sign | UInt8(code)
  }

  private func overflow(_ sign: UInt8, saturate: Bool) -> UInt8 {
    if saturate { return sign | maximum }
    if let infinity { return sign | infinity }
    guard let nan else { return sign | maximum }
    return hasNegativeZero ? sign | nan : nan
  }

  /// The format of a data type; nil for others and for `float8e8m0`, which has no mantissa.
  package static func format(of type: DataType) -> MiniFloat? {
    switch type {
    case .float8E4M3FN: e4m3fn
    case .float8E4M3FNUZ: e4m3fnuz
    case .float8E5M2: e5m2
    case .float8E5M2FNUZ: e5m2fnuz
    case .float4E2M1: e2m1
    case .float6E2M3: e2m3
    case .float6E3M2: e3m2
    default: nil
    }
  }

  private static let e4m3fn = MiniFloat(bitWidth: 8, mantissaBits: 3, bias: 7, maximum: 0x7E, nan: 0x7F)
  private static let e4m3fnuz = MiniFloat(
    bitWidth: 8, mantissaBits: 3, bias: 8, maximum: 0x7F, nan: 0x80, hasNegativeZero: false)
  private static let e5m2 = MiniFloat(
    bitWidth: 8, mantissaBits: 2, bias: 15, maximum: 0x7B, infinity: 0x7C, nan: 0x7F)
  private static let e5m2fnuz = MiniFloat(
    bitWidth: 8, mantissaBits: 2, bias: 16, maximum: 0x7F, nan: 0x80, hasNegativeZero: false)
  private static let e2m1 = MiniFloat(bitWidth: 4, mantissaBits: 1, bias: 1, maximum: 0x07)
  private static let e2m3 = MiniFloat(bitWidth: 6, mantissaBits: 3, bias: 1, maximum: 0x1F)
  private static let e3m2 = MiniFloat(bitWidth: 6, mantissaBits: 2, bias: 3, maximum: 0x1F)
}
