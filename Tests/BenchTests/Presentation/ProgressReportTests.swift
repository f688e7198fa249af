import Bench
import Testing

struct ProgressReportTests {
  /// Collects what is written while a clock of its own ticks.
  private final class Recorder {
    var text = ""
    var time = ContinuousClock.now
  }

  @Test func drawsABarOnATerminal() {
    let recorder = Recorder()
    var progress = ProgressReport("bench", total: 2, isTerminal: true, now: { recorder.time }) { recorder.text += $0 }
    progress.advance("one")
    progress.advance("two")
    progress.finish()
    let empty = String(repeating: "·", count: 24)
    let half = String(repeating: "█", count: 12) + String(repeating: "·", count: 12)
    #expect(
      recorder.text
        == "\r\u{1B}[Kbench \(empty) 1/2 one\r\u{1B}[Kbench \(half) 2/2 two\r\u{1B}[K")
  }

  @Test func linesFitATerminal() {
    let recorder = Recorder()
    var progress = ProgressReport("bench", total: 2, isTerminal: true, now: { recorder.time }) { recorder.text += $0 }
    progress.advance(String(repeating: "x", count: 200))
    #expect(recorder.text.dropFirst("\r\u{1B}[K".count).count == 79)
  }

  @Test func writesFewPlainLinesElsewhere() {
    let recorder = Recorder()
    var progress = ProgressReport("verify", total: 4, isTerminal: false, now: { recorder.time }) { recorder.text += $0 }
    progress.advance("a")
    progress.advance("b")
    recorder.time += .seconds(6)
    progress.advance("c")
    progress.advance("d")
    progress.finish()
    #expect(recorder.text == "verify 1/4 a\nverify 3/4 c\nverify 4/4 d\n")
  }
}
