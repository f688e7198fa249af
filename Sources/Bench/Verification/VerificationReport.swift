/// What came of one case.
public struct VerificationResult: Codable, Sendable, Equatable {
  /// How a case can end.
  public enum Status: String, Codable, Sendable, CaseIterable {
    /// Every output is the expected one within the tolerance.
    case pass
    /// An output differs.
    case fail
    /// The model has an operator, or uses it in a way, that is not built in; the engine said so.
    case unsupported
    /// The model or its data could not be read or run, data are missing or surplus, or the process ended.
    case error
  }

  /// The case's name.
  public var name: String
  /// How it ended.
  public var status: Status
  /// Why it did not pass: the data set, the output, the worst element; or the engine's message; empty if it passed.
  public var detail: String
  /// Whether the process that ran the case crashed or had to be stopped; nil if not.
  public var crashed: Bool?

  /// Describes the end of a case.
  public init(name: String, status: Status, detail: String = "", crashed: Bool? = nil) {
    self.name = name
    self.status = status
    self.detail = detail
    self.crashed = crashed
  }
}

/// The results of several cases with their totals.
public struct VerificationReport: Encodable, Sendable, Equatable {
  /// One result for each case, in the order in which they ran.
  public let cases: [VerificationResult]
  /// Cases whose outputs are right.
  public let passed: Int
  /// Cases with a wrong output.
  public let failed: Int
  /// Cases that the engine declined.
  public let unsupported: Int
  /// Cases that could not be read or run.
  public let errors: Int

  /// Counts the results.
  public init(_ cases: [VerificationResult]) {
    func count(_ status: VerificationResult.Status) -> Int { cases.count { $0.status == status } }
    self.cases = cases
    passed = count(.pass)
    failed = count(.fail)
    unsupported = count(.unsupported)
    errors = count(.error)
  }

  /// Whether no case gave a wrong output or an error.
  public var succeeded: Bool { failed == 0 && errors == 0 }

  /// The totals in one line.
  public var summary: String {
    "\(cases.count) cases: \(passed) passed, \(failed) failed, \(unsupported) unsupported, \(errors) errors"
  }
}
