import Bench
import Foundation

/// Where commands print.
enum Console {
  /// Prints a line to standard output, at once.
  ///
  /// - Throws: `BenchError.unwritable` if it is closed, or a file on a full disk.
  static func output(_ line: String) throws(BenchError) {
    do { try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) } catch {
      throw .unwritable(file: "standard output", reason: SystemMessage.text(of: error))
    }
  }

  /// Prints a line to standard error; where that is closed there is nobody to tell.
  ///
  /// What would end the line or move a terminal's cursor, as names in a file may, is written as in Swift's texts.
  static func error(_ line: String) {
    let plain = line.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
    try? FileHandle.standardError.write(contentsOf: Data((plain.joined() + "\n").utf8))
  }

  /// Prints a document as JSON to standard output.
  static func printJSON(_ document: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try output(String(decoding: try encoder.encode(document), as: UTF8.self))
  }
}
