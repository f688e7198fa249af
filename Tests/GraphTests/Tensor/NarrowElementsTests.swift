import Foundation
import Graph
import Testing

/// Elements of a byte or less: every code of every format, and the rounding of every interval between two of them.
struct NarrowElementsTests {
  static let floats = DataType.allCases.filter { $0.isFloatingPoint && $0.bitWidth <= 8 }

  /// What `ml_dtypes` decodes each code to: `Fixtures/narrow_floats.py`.
  private static let table: [String: [Double]] = {
    let folder = URL(filePath: RoundTripTests.folder).deletingLastPathComponent()
    let text = (try? String(contentsOf: folder.appending(path: "narrow_floats.txt"), encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
    return Dictionary(uniqueKeysWithValues: lines.map { (String($0[0]), $0.dropFirst().compactMap { Double($0) }) })
  }()

  private static func values(_ type: DataType) throws -> [Double] { try #require(table[type.description]) }

  /// All codes of a type in their order.
  private static func codes(_ type: DataType) -> Tensor {
    let codes = (0..<1 << type.bitWidth).map { UInt8($0) }
    if type.bitWidth < 8 { return Tensor(shape: [codes.count], packing: codes, as: type) }
    return Tensor(dataType: type, shape: [codes.count]) { bytes in
      for i in bytes.indices { bytes[i] = codes[i] }
    }
  }

  @Test(arguments: floats)
  func decodesEveryCode(type: DataType) throws {
    let expected = try Self.values(type)
    #expect(expected.count == 1 << type.bitWidth)
    let found = try #require(Self.codes(type).decodingNarrowElements()?.elements(Float.self))
    for (code, (value, wanted)) in zip(found, expected).enumerated() {
      #expect(value.isNaN ? wanted.isNaN : Double(value) == wanted && value.sign == wanted.sign, "code \(code)")
    }
  }

  @Test func decodesEveryWholeNumber() {
    func decoded<Element: TensorElement>(_ type: DataType, _ element: Element.Type) -> [Element]? {
      Self.codes(type).decodingNarrowElements()?.elements(element)
    }
    #expect(decoded(.uint2, UInt8.self) == [0, 1, 2, 3])
    #expect(decoded(.int2, Int8.self) == [0, 1, -2, -1])
    #expect(decoded(.uint4, UInt8.self) == Array(0...15))
    #expect(decoded(.int4, Int8.self) == Array(0...7) + Array(-8 ... -1))
  }

  @Test(arguments: DataType.allCases.filter { $0.bitWidth == 0 || $0.bitWidth > 8 } + [.int8, .uint8, .bool])
  func leavesOtherTypes(type: DataType) {
    let tensor =
      type == .string ? Tensor(shape: [1], strings: ["a"]) : Tensor(dataType: type, shape: [1]) { _ in }
    #expect(tensor.decodingNarrowElements() == nil)
  }

  /// Elements that share bytes, also where one starts in a byte and ends in the next.
  @Test(arguments: DataType.allCases.filter { (1..<8).contains($0.bitWidth) })
  func packsAndUnpacks(type: DataType) {
    let mask = UInt8(1 << type.bitWidth) - 1
    for count in 0...9 {
      let codes = (0..<count).map { UInt8(truncatingIfNeeded: 37 * $0 + 11) & mask }
      let tensor = Tensor(shape: [count], packing: codes, as: type)
      #expect(tensor.byteCount == (count * type.bitWidth + 7) / 8)
      #expect(tensor.unpackedCodes() == codes)
    }
  }

  /// Between two neighbours the nearer one, halfway the one with the even code, on both sides of zero.
  @Test(arguments: floats.filter { $0 != .float8E8M0 })
  func encodesToTheNearest(type: DataType) throws {
    let format = try #require(MiniFloat.format(of: type))
    let all = try Self.values(type)
    let sign = UInt8(1 << (type.bitWidth - 1))
    let magnitudes = all[..<Int(sign)].filter(\.isFinite)
    let hasNegativeZero = all[Int(sign)] == 0
    func check(_ value: Double, _ code: Int) {
      #expect(format.encode(value, saturate: false) == UInt8(code), "\(value)")
      let negative = code == 0 && !hasNegativeZero ? 0 : UInt8(code) | sign
      #expect(format.encode(-value, saturate: false) == negative, "\(-value)")
    }
    for (low, (a, b)) in zip(magnitudes, magnitudes.dropFirst()).enumerated() {
      let middle = (a + b) / 2
      check(a, low)
      check(middle.nextDown, low)
      check(middle, low % 2 == 0 ? low : low + 1)
      check(middle.nextUp, low + 1)
      check(b, low + 1)
    }
  }

  /// Beyond the greatest number by less than half a step is still that number.
  @Test func encodesBeyondTheGreatest() throws {
    let format = try #require(MiniFloat.format(of: .float8E4M3FN))
    #expect(format.encode(464, saturate: false) == 0x7E)
    #expect(format.encode(464.5, saturate: false) == 0x7F)
    #expect(format.encode(464.5, saturate: true) == 0x7E)
    #expect(format.encode(-.infinity, saturate: true) == 0xFE)
    #expect(format.encode(.nan, saturate: true) == 0x7F)
  }

  @Test func roundsToPowersOfTwo() throws {
    func encode(_ value: Double, _ rounding: PowerOfTwoFormat.Rounding) -> Int {
      Int(PowerOfTwoFormat.encode(Float(value), saturate: false, rounding: rounding))
    }
    for (code, value) in try Self.values(.float8E8M0).enumerated() where value.isFinite {
      for rounding in [PowerOfTwoFormat.Rounding.up, .down, .nearest] {
        #expect(encode(value, rounding) == code && encode(-value, rounding) == code)
      }
      for (factor, nearest) in [(1.25, code), (1.5, code + 1), (1.75, code + 1)] {
        #expect(encode(factor * value, .up) == code + 1)
        #expect(encode(factor * value, .down) == code)
        #expect(encode(factor * value, .nearest) == nearest)
      }
    }
    #expect(PowerOfTwoFormat.encode(0x1.8p127, saturate: true, rounding: .up) == 254)
    #expect(encode(0, .up) == 0 && encode(.infinity, .down) == 255 && encode(.nan, .down) == 255)
  }
}
