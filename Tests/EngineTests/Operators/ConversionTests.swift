import Engine
import Graph
import Testing

struct ConversionTests {
  /// Every float16 survives the way to float and back, bit for bit, but that NaN payloads may change.
  @Test func halfPrecisionIsExact() {
    for bits in UInt16.min...UInt16.max {
      let value = Float16(bitPattern: bits)
      let float = HalfPrecision.float(bits)
      if value.isNaN {
        #expect(float.isNaN && Float16(bitPattern: HalfPrecision.bits(float)).isNaN)
      } else {
        #expect(float == Float(value))
        #expect(HalfPrecision.bits(float) == bits)
      }
    }
  }

  /// Halfway between neighbours and one step to either side, all exponents: as the processor rounds.
  @Test func halfPrecisionRoundsToEven() {
    for high in stride(from: UInt32(0x3200_0000), to: 0x4800_0000, by: 0x1000) {
      for low in [UInt32(0), 1, 0xFFF] {
        let value = Float(bitPattern: high | low)
        #expect(HalfPrecision.bits(value) == Float16(value).bitPattern, "\(value)")
        #expect(HalfPrecision.bits(-value) == Float16(-value).bitPattern, "\(-value)")
      }
    }
  }

  /// What decodes to a number encodes to the same bits.
  @Test(arguments: [
    DataType.float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1, .float6E2M3,
    .float6E3M2,
  ])
  func narrowFloatsRoundTrip(type: DataType) throws {
    let count = 1 << type.bitWidth
    let codes = Tensor(shape: [count], (0..<count).map { UInt8($0) })
    let tensor =
      type.bitWidth == 8
      ? codes.viewed(as: type) : Tensor(shape: [count], packing: (0..<count).map { UInt8($0) }, as: type)
    let floats = try #require(tensor.converted(to: .float32))
    let values = try #require(floats.elements(Float.self))
    let back = try #require(floats.converted(to: type)?.converted(to: .float32)?.elements(Float.self))
    for (value, again) in zip(values, back) where !value.isNaN && value.isFinite { #expect(value == again) }
    for (value, again) in zip(values, back) where value.isNaN { #expect(again.isNaN) }
  }

  /// The table of ONNX, Cast: what is out of range, with and without saturation.
  @Test(arguments: [
    (DataType.float8E4M3FN, Float(448), Float.nan), (.float8E4M3FNUZ, 240, .nan),
    (.float8E5M2, 57344, .infinity), (.float8E5M2FNUZ, 57344, .nan),
  ])
  func overflowOfFloat8(type: DataType, greatest: Float, beyond: Float) throws {
    let input = Tensor(shape: [4], [Float.infinity, -.infinity, 1e6, -1e6])
    let saturated = input.converted(to: type)?.converted(to: .float32)?.elements(Float.self)
    #expect(saturated == [greatest, -greatest, greatest, -greatest])
    let free = try #require(
      input.converted(to: type, options: ConversionOptions(saturate: false))?.converted(to: .float32)?
        .elements(Float.self))
    if beyond.isNaN {
      #expect(free.allSatisfy { $0.isNaN })
    } else {
      #expect(free == [beyond, -beyond, beyond, -beyond])
    }
  }

  /// Real numbers round towards zero and never trap; whole numbers keep their low bits.
  @Test func wholeNumbers() {
    let input = Tensor(shape: [6], [1.9, -1.9, .nan, .infinity, 300, -1e30] as [Float])
    #expect(input.converted(to: .int64)?.integers == [1, -1, 0, Int(Int64.max), 300, Int(Int64.min)])
    #expect(input.converted(to: .uint8)?.integers?[4] == 44)
    #expect(Tensor(scalar: Int64(200)).converted(to: .int8)?.integers == [-56])
    #expect(Tensor(scalar: Int64(13)).converted(to: .int4)?.converted(to: .int64)?.integers == [-3])
    #expect(Tensor(scalar: -1.0).converted(to: .uint64)?.elements(UInt64.self) == [.max])
  }

  /// As numpy writes a number: plain digits from 1e-4 to below 1e16.
  @Test(arguments: [
    (Float(1), "1.0"), (0.1, "0.1"), (1e-7, "1e-07"), (1e16, "1e+16"), (123_456_792, "123456790.0"), (-0.0, "-0.0"),
    (.nan, "nan"), (-.infinity, "-inf"), (0.0001, "0.0001"), (2.5e-5, "2.5e-05"),
  ])
  func text(value: Float, expected: String) throws {
    let result = try runTensor("Cast", version: 19, [Tensor(scalar: value)], attributes: ["to": .int(8)])
    #expect(result?.strings == [expected])
  }
}
