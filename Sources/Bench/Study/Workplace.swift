import Dispatch
import Foundation

/// A temporary folder and the process that works in it: both go when the work ends, or is interrupted from the keyboard or
/// told to end.
final class Workplace {
  let folder: URL
  private let interruptions: [any DispatchSourceSignal]
  private let worker: RunningProcess
  private static let signals = [SIGINT, SIGTERM]

  /// Makes the folder.
  ///
  /// - Throws: `BenchError.unwritable` if there is no place for it.
  init() throws(BenchError) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "swiftinfer-\(UUID().uuidString)")
    try OutputFile.makeFolder(folder)
    let worker = RunningProcess()
    (self.folder, self.worker) = (folder, worker)
    interruptions = Self.signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        worker.stop(andExit: 128 + number) { try? FileManager.default.removeItem(at: folder) }
      }
      source.resume()
      return source
    }
  }

  /// What a program printed that ran to its end.
  ///
  /// - Throws: `BenchError.failed`.
  func output(of process: ChildProcess) throws -> Data { try process.output(registeredAs: worker) }

  /// Removes the folder; signals have their usual effect again.
  func remove() {
    for interruption in interruptions { interruption.cancel() }
    Self.restoreSignals()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Gives signals their usual effect: a worker inherits that its parent ignores them.
  static func restoreSignals() {
    var blocked = sigset_t()
    sigemptyset(&blocked)
    for number in signals {
      signal(number, SIG_DFL)
      sigaddset(&blocked, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &blocked, nil)
  }
}
