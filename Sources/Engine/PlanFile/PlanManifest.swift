import Graph
import Kernels

/// What stands at the end of a plan file: what it was made for and of, and where its parts are.
struct PlanManifest: Codable, Sendable {
  /// Bytes of the file.
  struct Part: Codable, Sendable, Equatable {
    var offset: Int
    var byteCount: Int
    var checksum: UInt64
  }

  /// A plan: the graph that passes made for inputs of given types.
  struct Plan: Codable, Sendable {
    /// The sizes that were asked for, by the names of inputs.
    var sizes: [String: [Int]]
    /// The types of the inputs, in the order of the model.
    var types: [String]
    var graph: Part
  }

  /// A constant of the graphs.
  struct Constant: Codable, Sendable {
    /// Its elements; nil if all that needs them has packed weights.
    var part: Part?
  }

  /// Packed weights.
  struct Weights: Codable, Sendable {
    /// The number of the constant that was packed.
    var constant: Int
    /// The number of the factors of its filters, if it has some.
    var scale: Int?
    /// The layout, with all that it depends on.
    var format: String
    var part: Part
  }

  /// How a convolution is computed.
  struct Choice: Codable, Sendable {
    var algorithm: String
    var measurement: LayerMeasurement?
  }

  /// The kernels' instruction set.
  var instructionSet: String
  /// The version of the packed layouts.
  var layouts: Int
  /// The processor on which it was made, for people: others with the instruction set take the plan too.
  var processor: String
  /// Threads for which kernels were chosen.
  var threads: Int
  var options: PlanOptions
  var source: PlanSource
  /// How convolutions are computed, by the texts of their shapes.
  var choices: [String: Choice]
  /// The model's graph, for inputs of other types.
  var model: Part
  var plans: [Plan]
  var constants: [Constant]
  var weights: [Weights]
}

/// The first bytes of a plan file: what tells it from others, and whether the manifest is whole.
///
/// | bytes | what |
/// | --- | --- |
/// | 0-7 | magic |
/// | 8-11 | version of the format |
/// | 12-15 | 0x01020304 in the order of the processor that wrote it, as all that follows |
/// | 16-23 | bytes of the file |
/// | 24-31 | bytes of the manifest, which ends the file |
/// | 32-39 | checksum of the manifest |
/// | 40-47 | checksum of bytes 0-39 |
/// | 48-63 | zeros |
struct PlanPreamble {
  /// Not ASCII, and with a line's end, so that what takes it for text destroys it visibly.
  static let magic: [UInt8] = [0x8F] + Array("SIPLAN\n".utf8)
  /// Grows with each change of the format, of the operators that passes make, and of what the plan's graphs may hold.
  static let version: UInt32 = 4
  static let byteCount = 64
  private static let byteOrder: UInt32 = 0x0102_0304

  var fileByteCount: Int
  var manifestByteCount: Int
  var manifestChecksum: UInt64

  /// Whether bytes begin as a plan file does.
  static func isPlan(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: magic) }

  /// The preamble of a file.
  ///
  /// - Throws: `PlanFault` if the file was written by another version or on a processor of another byte order, or is damaged.
  init(_ bytes: UnsafeRawBufferPointer) throws(PlanFault) {
    guard Self.isPlan(bytes) else { throw .damaged("it does not begin as a plan file does") }
    guard bytes.count >= Self.byteCount else { throw .damaged("it ends after \(bytes.count) bytes") }
    func number<Number: FixedWidthInteger>(_ offset: Int, _ type: Number.Type) -> Number {
      bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }
    switch number(12, UInt32.self) {
    case Self.byteOrder: break
    case Self.byteOrder.byteSwapped:
      throw .foreign(what: "byte order", expected: "this processor's", found: "the other one")
    default: throw .damaged("its byte order is none")
    }
    guard number(8, UInt32.self) == Self.version else {
      throw .foreign(what: "format version", expected: "\(Self.version)", found: "\(number(8, UInt32.self))")
    }
    guard number(40, UInt64.self) == Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<40])) else {
      throw .damaged("its first bytes differ from their checksum")
    }
    (fileByteCount, manifestByteCount) = (Int(number(16, Int64.self)), Int(number(24, Int64.self)))
    manifestChecksum = number(32, UInt64.self)
    guard fileByteCount == bytes.count else {
      throw .damaged("it has \(bytes.count) bytes instead of \(fileByteCount)")
    }
    guard (0...fileByteCount - Self.byteCount).contains(manifestByteCount) else {
      throw .damaged("its manifest would begin before it")
    }
  }

  /// The preamble of a manifest in a file of so many bytes.
  init(manifest: [UInt8], fileByteCount: Int) {
    self.fileByteCount = fileByteCount
    manifestByteCount = manifest.count
    manifestChecksum = manifest.withUnsafeBytes { Checksum.of($0) }
  }

  /// The bytes to write.
  var bytes: [UInt8] {
    var bytes = Self.magic
    func append(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number) { bytes += $0 } }
    append(Self.version)
    append(Self.byteOrder)
    append(Int64(fileByteCount))
    append(Int64(manifestByteCount))
    append(manifestChecksum)
    append(bytes.withUnsafeBytes { Checksum.of($0) })
    return bytes + [UInt8](repeating: 0, count: Self.byteCount - bytes.count)
  }
}
