import Bench
import Engine
import Synchronization

/// Shows on standard error how far the measurements of kernels are.
final class TuningProgress: Sendable {
  private let report = Mutex<ProgressReport?>(nil)

  /// Takes a session's events.
  var handler: TuningEvent.Handler {
    { [self] event in
      switch event {
      case .measuring(let layer, let count, let shape):
        report.withLock { report in
          if layer == 1 { report = ProgressReport("tune", total: count) }
          report?.advance(shape)
        }
      case .finished:
        report.withLock { report in
          report?.finish()
          report = nil
        }
      case .note(let text): Console.error("swiftinfer: note: \(text)")
      }
    }
  }
}
