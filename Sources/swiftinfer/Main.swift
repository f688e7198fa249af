import ArgumentParser
import Bench
import Engine
import Foundation

/// Runs a command and turns its end into an exit code: 0 done, 1 failed, 2 unusable arguments.
@main
enum Main {
  static func main() {
    // A file that grows beyond the limit of a shell or a service is then an error of the write.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try SwiftInfer.parseAsRoot()
      try command.run()
    } catch {
      Foundation.exit(report(error))
    }
  }

  /// Prints why a command ended early: help to standard output, everything else to standard error.
  private static func report(_ error: any Error) -> Int32 {
    if let outcome = error as? ExitCode { return outcome.rawValue }
    let code = SwiftInfer.exitCode(for: error)
    if code == .success {
      do { try Console.output(SwiftInfer.fullMessage(for: error)) } catch {
        Console.error("swiftinfer: \(error)")
        return 1
      }
      return 0
    }
    if code == .validationFailure {
      let message = SwiftInfer.message(for: error)
      Console.error("swiftinfer: \(message.hasSuffix(".") ? message.dropLast() : message[...]); \(hint(for: error))")
      return 2
    }
    Console.error("swiftinfer: \(error)")
    return isUnusable(error) ? 2 : 1
  }

  /// Where the command's arguments are described.
  private static func hint(for error: any Error) -> String {
    let lines = SwiftInfer.fullMessage(for: error).split(separator: "\n")
    let see = lines.last { $0.contains("--help") }?.split(separator: "'").dropFirst().first
    return "see '\(see ?? "swiftinfer --help")'"
  }

  /// Whether only running could tell that the arguments do not fit the model.
  private static func isUnusable(_ error: any Error) -> Bool {
    switch error {
    case BenchError.unusable, EngineError.invalidOption: true
    default: false
    }
  }
}
