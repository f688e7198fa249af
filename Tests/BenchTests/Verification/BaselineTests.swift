import Bench
import Foundation
import Testing

struct BaselineTests {
  private let report = VerificationReport([
    VerificationResult(name: "a", status: .pass),
    VerificationResult(name: "b", status: .fail, detail: "worst"),
    VerificationResult(name: "c", status: .unsupported, detail: "no such operator"),
    VerificationResult(name: "d", status: .error, detail: "crashed with signal 11", crashed: true),
    VerificationResult(name: "e", status: .error, detail: "malformed"),
  ])

  @Test func countsResults() {
    let counts: [Int] = [report.passed, report.failed, report.unsupported, report.errors]
    #expect(counts == [1, 1, 1, 2] as [Int])
    #expect(!report.succeeded)
    #expect(report.summary == "5 cases: 1 passed, 1 failed, 1 unsupported, 2 errors")
  }

  @Test func namesWhatBreaksThePromise() {
    #expect(
      Baseline(passing: ["a", "c", "z"]).violations(in: report) == [
        "b gives a wrong output: worst",
        "c must pass: unsupported: no such operator",
        "d crashed with signal 11",
        "z must pass: it did not run",
      ])
  }

  @Test func acceptsKnownDifferences() {
    let baseline = Baseline(passing: ["a"], knownDifferences: ["b": "its outputs are random"])
    #expect(baseline.violations(in: report) == ["d crashed with signal 11"])
  }

  @Test func updatingKeepsWhatDidNotRun() {
    #expect(Baseline(passing: ["c", "z"]).updatedList(from: report) == "a\nz\n")
  }

  @Test func readsListsWithComments() throws {
    try withTemporaryFolder { folder in
      let (passing, known) = (folder.appending(path: "passing.txt"), folder.appending(path: "known.txt"))
      try Data("# all of them\na\n\nb  # since yesterday\n".utf8).write(to: passing)
      try Data("c its outputs are random\n".utf8).write(to: known)
      let baseline = try Baseline(passing: passing, knownDifferences: known)
      #expect(baseline == Baseline(passing: ["a", "b"], knownDifferences: ["c": "its outputs are random"]))
      try Data("c\n".utf8).write(to: known)
      #expect(throws: BenchError.malformed(file: known.path, what: "'c' gives no reason")) {
        try Baseline(passing: passing, knownDifferences: known)
      }
    }
  }
}
