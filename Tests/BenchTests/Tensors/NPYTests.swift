import Bench
import Foundation
import Graph
import Testing

struct NPYTests {
  /// An element as JSON has it.
  enum Element: Decodable, Equatable {
    case number(Double)
    case truth(Bool)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let truth = try? container.decode(Bool.self) {
        self = .truth(truth)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .number(try container.decode(Double.self))
      }
    }
  }

  struct Reference: Decodable {
    let shape: [Int]
    let values: [Element]
  }

  private func elements(of tensor: Tensor) -> [Element] {
    if let strings = tensor.strings { return strings.map(Element.text) }
    if let truths = tensor.elements(Bool8.self) { return truths.map { .truth($0.value) } }
    let numbers = NumericElements(tensor)
    return (0..<tensor.count).flatMap { index in
      let number = numbers[index]
      let isComplex = tensor.dataType == .complex64 || tensor.dataType == .complex128
      return (isComplex ? [number.real, number.imaginary] : [number.real]).map(Element.number)
    }
  }

  @Test func readsWhatNumPyWrites() throws {
    let references: [String: Reference] = try Fixtures.json("npy/values.json")
    #expect(references.count == 34)
    for (name, reference) in references {
      let tensor = try Tensor(npyFile: Fixtures.file("npy/\(name).npy"))
      #expect(tensor.shape == reference.shape, "\(name)")
      #expect(elements(of: tensor) == reference.values, "\(name)")
    }
  }

  /// Files of version 1, C order and little-endian come back byte by byte.
  @Test(arguments: [
    "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16", "bool", "scalar", "empty", "text",
  ])
  func writesWhatNumPyWrites(name: String) throws {
    let file = Fixtures.file("npy/\(name).npy")
    #expect(try Tensor(npyFile: file).npyData() == Data(contentsOf: file))
  }

  @Test func typesThatNumPyLacksBecomeWiderOnes() throws {
    let small = Tensor(dataType: .int4, shape: [2]) { bytes in bytes[0] = 0xF7 }
    #expect(try Tensor(npy: small.npyData(), source: "").elements(Int8.self) == [7, -1])
    let brain = Tensor(shape: [1], [BFloat16(1.5)])
    #expect(try Tensor(npy: brain.npyData(), source: "").elements(Float.self) == [1.5])
  }

  /// 65,535 bytes are the most that version 1.0 has for its header.
  @Test func shapesOfManyDimensionsTakeVersionTwo() throws {
    let tensor = Tensor(shape: Array(repeating: 1, count: 30_000), [1.5 as Float])
    let data = tensor.npyData()
    #expect(data[6] == 2 && (data.count - 4) % 64 == 0)
    let again = try Tensor(npy: data, source: "")
    #expect(again.shape == tensor.shape && again.elements(Float.self) == [1.5])
  }

  @Test func everyTruncationIsAnError() throws {
    let data = try Data(contentsOf: Fixtures.file("npy/fortran.npy"))
    for length in 0..<data.count {
      #expect(throws: BenchError.self) { try Tensor(npy: data.prefix(length), source: "cut.npy") }
    }
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<U99999999', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
    "",
  ])
  func headersThatLieAreErrors(header: String) {
    var data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(header.utf8.count), 0])
    data += Data(header.utf8) + Data(count: 4)
    #expect(throws: BenchError.self) { try Tensor(npy: data, source: "lying.npy") }
  }

  /// A file without elements may not ask for 2⁴⁰ texts.
  @Test func textOfNoCharactersIsAnError() {
    let header = "{'descr': '<U0', 'fortran_order': False, 'shape': (1099511627776,), }"
    let data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(header.utf8.count), 0]) + Data(header.utf8)
    #expect(
      throws: BenchError.malformed(
        file: "wide.npy",
        what: "not a valid .npy file: text of no characters, expected type '<U1' or wider")
    ) {
      try Tensor(npy: data, source: "wide.npy")
    }
  }

  @Test func fileNamesKeepToTheFolder() {
    #expect(Tensor.fileName(forValue: "/layer3/Add:0\\x") == "_layer3_Add_0_x.npy")
  }

  @Test func readsTensorsOfONNX() throws {
    try withTemporaryFolder { folder in
      // TensorProto: dims 2, data_type 1, raw_data of 8 bytes.
      let file = folder.appending(path: "x.pb")
      try Data([0x08, 2, 0x10, 1, 0x4A, 8, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]).write(to: file)
      #expect(try Tensor(contentsOf: file).elements(Float.self) == [1, 2])
      let other = folder.appending(path: "x.bin")
      #expect(throws: BenchError.malformed(file: other.path, what: "a tensor's file ends in .npy or .pb")) {
        try Tensor(contentsOf: other)
      }
    }
  }
}
