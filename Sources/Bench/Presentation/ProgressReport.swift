import Foundation

/// Reports how far long work is: a bar on a terminal, plain lines elsewhere.
///
///     var progress = ProgressReport("verify", total: cases.count)
///     for testCase in cases {
///       progress.advance(testCase.name)
///       …
///     }
///     progress.finish()
///
/// Writes to standard error, so that standard output stays the result's.
public struct ProgressReport {
  /// What the work is called.
  private let title: String
  /// Steps in all.
  private let total: Int
  private let isTerminal: Bool
  private let everyStep: Bool
  private let write: (String) -> Void
  private let now: () -> ContinuousClock.Instant
  private var done = 0
  private var lastLine: ContinuousClock.Instant?

  /// Columns that the bar itself takes.
  private static let barWidth = 24
  /// Columns that a line on a terminal may take: a longer one would wrap, and could not be taken away.
  private static let lineWidth = 79
  /// Time between two plain lines; the first and the last step are always reported.
  private static let interval = Duration.seconds(5)

  /// Prepares a report.
  ///
  /// - Parameters:
  ///   - title: what the work is called.
  ///   - total: steps in all.
  ///   - everyStep: whether each step, because it is long, is a plain line; otherwise one is written every 5 seconds.
  ///   - isTerminal: whether the reader is a person at a terminal; asked of standard error by default.
  ///   - now: the clock.
  ///   - write: takes the text; to standard error by default.
  public init(
    _ title: String, total: Int, everyStep: Bool = false, isTerminal: Bool = isatty(STDERR_FILENO) == 1,
    now: @escaping () -> ContinuousClock.Instant = { .now },
    write: @escaping (String) -> Void = { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) }
  ) {
    self.title = title
    self.total = max(total, 1)
    self.everyStep = everyStep
    self.isTerminal = isTerminal
    self.now = now
    self.write = write
  }

  /// Notes that a step begins.
  public mutating func advance(_ step: String) {
    done += 1
    if isTerminal {
      let filled = Self.barWidth * (done - 1) / total
      let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: Self.barWidth - filled)
      let line = "\(title) \(bar) \(done)/\(total) \(step)"
      write("\r\u{1B}[K\(line.prefix(Self.lineWidth))")
      return
    }
    let time = now()
    if !everyStep, let last = lastLine, time - last < Self.interval, done < total { return }
    lastLine = time
    write("\(title) \(done)/\(total) \(step)\n")
  }

  /// Takes the bar away.
  public func finish() {
    if isTerminal { write("\r\u{1B}[K") }
  }
}
