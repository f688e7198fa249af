import Bench
import Foundation
import Testing

struct ChildProcessTests {
  private func shell(_ script: String) -> ChildProcess {
    ChildProcess(executable: URL(filePath: "/bin/sh"), arguments: ["-c", script])
  }

  /// More than a pipe holds, on either stream first.
  @Test(.timeLimit(.minutes(1)), arguments: [("1", "2"), ("2", "1")])
  func bothStreamsAreDrained(first: String, second: String) throws {
    let script = "head -c 300000 /dev/zero >&\(first); head -c 300000 /dev/zero >&\(second)"
    #expect(try shell(script).output() == Data(count: 300_000))
  }

  @Test func failuresSayTheLastLine() {
    #expect(throws: BenchError.failed(what: "no such model")) {
      try shell("echo first >&2; echo swiftinfer: no such model >&2; exit 1").output()
    }
    #expect(throws: BenchError.failed(what: "exit code 3")) { try shell("exit 3").output() }
    #expect(throws: BenchError.failed(what: "the process crashed with signal 9")) { try shell("kill -9 $$").output() }
  }
}
