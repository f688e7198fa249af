import Foundation
import Synchronization

/// A program that is run to its end.
///
/// Its standard input is a pipe that nobody writes to and that breaks when this process ends, in whatever way.
package struct ChildProcess: Sendable {
  /// The program.
  let executable: URL
  /// What it is told.
  let arguments: [String]

  /// Describes a run.
  package init(executable: URL, arguments: [String]) {
    self.executable = executable
    self.arguments = arguments
  }

  /// What the program printed.
  ///
  /// - Parameter registration: knows the process while it runs.
  /// - Throws: `BenchError.failed` with its last line of standard error if its exit code is not 0.
  package func output(registeredAs registration: RunningProcess = RunningProcess()) throws -> Data {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let (input, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = input
    try registration.start(process)
    let read = Self.readToEnd([output, errors].map(\.fileHandleForReading))
    process.waitUntilExit()
    registration.end()
    guard process.terminationReason == .exit else {
      throw BenchError.failed(what: "the process crashed with signal \(process.terminationStatus)")
    }
    guard process.terminationStatus == 0 else {
      let line = String(decoding: read[1], as: UTF8.self).split(separator: "\n").last.map(String.init)
      let text = line ?? "exit code \(process.terminationStatus)"
      throw BenchError.failed(what: text.hasPrefix("swiftinfer: ") ? String(text.dropFirst(12)) : text)
    }
    return read[0]
  }

  /// Ends this process when the one that runs it as a `ChildProcess` has gone.
  package static func endWithParent() {
    Thread.detachNewThread {
      // Nothing but the end is asked for, which is always told.
      var input = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
      while poll(&input, 1, -1) < 0, errno == EINTR {}
      if input.revents & Int16(POLLHUP) != 0 { _exit(1) }
    }
  }

  /// Reads several pipes at once: a program waits while any of them is full.
  private static func readToEnd(_ handles: [FileHandle]) -> [Data] {
    var data = handles.map { _ in Data() }
    var descriptors = handles.map { pollfd(fd: $0.fileDescriptor, events: Int16(POLLIN), revents: 0) }
    // A negative descriptor is one that poll leaves out.
    while descriptors.contains(where: { $0.fd >= 0 }) {
      guard poll(&descriptors, nfds_t(descriptors.count), -1) > 0 else { continue }
      for index in handles.indices where descriptors[index].revents != 0 {
        let part = handles[index].availableData
        data[index] += part
        if part.isEmpty { descriptors[index].fd = -1 }
      }
    }
    return data
  }
}

/// The process that runs at present, to be stopped from another thread.
package final class RunningProcess: Sendable {
  private let identifier = Mutex<pid_t?>(nil)

  /// No process.
  package init() {}

  /// Starts a process; nobody can ask for it to be killed between its start and its registration.
  func start(_ process: Process) throws {
    try identifier.withLock { identifier in
      try process.run()
      identifier = process.processIdentifier
    }
  }

  /// Forgets a process that has ended.
  func end() { identifier.withLock { $0 = nil } }

  /// Stops the process, if one runs, and ends the program, before another process can start.
  func stop(andExit code: Int32, cleaning clean: () -> Void) -> Never {
    identifier.withLock { identifier in
      if let identifier { kill(identifier, SIGKILL) }
      clean()
      exit(code)
    }
  }
}
