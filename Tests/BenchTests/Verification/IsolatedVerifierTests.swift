import Bench
import Foundation
import Testing

/// The worker is a shell script here, which can do what ours must not.
struct IsolatedVerifierTests {
  private func verifier(_ script: String, timeout: Duration = .seconds(20)) -> IsolatedVerifier {
    IsolatedVerifier(executable: URL(filePath: "/bin/sh"), arguments: ["-c", script], timeout: timeout)
  }

  private let testCase = VerificationCase(name: "kind/case", folder: URL(filePath: "/cases/case"))

  @Test func answersAreResults() {
    let verifier = verifier(
      #"while read path; do echo "{\"name\":$path,\"status\":\"pass\",\"detail\":\"\"}"; done"#)
    for _ in 0..<3 {
      #expect(verifier.run(testCase) == VerificationResult(name: "kind/case", status: .pass))
    }
  }

  /// A line feed in a folder's name does not end the question.
  @Test func anyPathIsOneLine() throws {
    let folder = URL(filePath: "/cases/two\nlines \"ü\"", directoryHint: .isDirectory)
    let verifier = verifier(
      #"while IFS= read -r path; do printf '{"name":"","status":"pass","detail":%s}\n' "$path"; done"#)
    for _ in 0..<2 {
      let result = verifier.run(VerificationCase(name: "two", folder: folder))
      #expect(result == VerificationResult(name: "two", status: .pass, detail: folder.path))
    }
    let line = try JSONEncoder().encode(folder.path)
    let testCase = try IsolatedVerifier.testCase(askedBy: String(decoding: line, as: UTF8.self))
    #expect(testCase.folder.path == folder.path)
    #expect(throws: BenchError.malformed(file: "standard input", what: "expected a path as JSON, found '/cases'")) {
      try IsolatedVerifier.testCase(askedBy: "/cases")
    }
  }

  @Test func aCrashIsAnErrorOfOneCase() {
    let verifier = verifier("read path; kill -SEGV $$")
    for _ in 0..<2 {
      let result = verifier.run(testCase)
      #expect(
        result
          == VerificationResult(
            name: "kind/case", status: .error, detail: "the process crashed with signal 11", crashed: true))
    }
  }

  @Test func aHangIsAnErrorOfOneCase() {
    let result = verifier("read path; exec sleep 60", timeout: .seconds(1)).run(testCase)
    #expect(
      result == VerificationResult(name: "kind/case", status: .error, detail: "took longer than 1 s", crashed: true))
  }

  @Test func nonsenseIsAnError() {
    #expect(verifier("read path; echo nonsense").run(testCase).status == .error)
    let missing = IsolatedVerifier(executable: URL(filePath: "/absent"), arguments: [])
    #expect(missing.run(testCase).status == .error)
  }
}
