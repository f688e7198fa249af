import Foundation

/// What is promised of a set of cases: a list, kept beside them, of those that pass, and one of known differences.
///
/// The lists have one case a line, sorted; `#` starts a comment. In the list of known differences the reason follows the
/// name. A case that is in neither may be unsupported, but may not give a wrong output.
public struct Baseline: Sendable, Equatable {
  /// Names of the cases that must pass.
  public var passing: Set<String>
  /// Names of the cases whose outputs may differ, with the reason.
  public var knownDifferences: [String: String]

  /// Makes a baseline of lists at hand.
  public init(passing: Set<String>, knownDifferences: [String: String] = [:]) {
    self.passing = passing
    self.knownDifferences = knownDifferences
  }

  /// Reads the lists.
  ///
  /// - Throws: `BenchError` if a file cannot be read, or if a known difference gives no reason.
  public init(passing: URL, knownDifferences: URL?) throws(BenchError) {
    self.passing = Set(try Self.lines(of: passing))
    self.knownDifferences = [:]
    guard let file = knownDifferences else { return }
    for line in try Self.lines(of: file) {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { throw .malformed(file: file.path, what: "'\(line)' gives no reason") }
      self.knownDifferences[String(words[0])] = words[1].trimmingCharacters(in: .whitespaces)
    }
  }

  private static func lines(of file: URL) throws(BenchError) -> [String] {
    let text = String(decoding: try InputFile.read(file), as: UTF8.self)
    return text.split(separator: "\n").map { line in
      line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }
  }

  /// What the results break of the promise, in their order; listed cases that did not run come last.
  public func violations(in report: VerificationReport) -> [String] {
    var violations: [String] = []
    for result in report.cases where result.status != .pass {
      if passing.contains(result.name) {
        violations.append("\(result.name) must pass: \(result.status.rawValue): \(result.detail)")
      } else if result.status == .fail, knownDifferences[result.name] == nil {
        violations.append("\(result.name) gives a wrong output: \(result.detail)")
      } else if result.crashed == true {
        violations.append("\(result.name) \(result.detail)")
      }
    }
    let ran = Set(report.cases.map(\.name))
    return violations + passing.subtracting(ran).sorted().map { "\($0) must pass: it did not run" }
  }

  /// The text of a list of those that pass: the cases of a report, and listed cases that did not run.
  public func updatedList(from report: VerificationReport) -> String {
    let ran = Set(report.cases.map(\.name))
    let passed = report.cases.filter { $0.status == .pass && knownDifferences[$0.name] == nil }.map(\.name)
    return passing.subtracting(ran).union(passed).sorted().map { $0 + "\n" }.joined()
  }
}
