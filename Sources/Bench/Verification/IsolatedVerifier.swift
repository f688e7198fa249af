import Foundation

/// Runs cases in another process, so that one that crashes or hangs is an error of that case only.
///
/// The process is `swiftinfer verify --worker`: it reads the path of a case's folder, a JSON string, from each line of
/// standard input and answers with one line of JSON, a `VerificationResult`. When it ends, a new one takes over with the
/// next case.
public final class IsolatedVerifier {
  private let executable: URL
  private let arguments: [String]
  private let timeout: Duration
  private var worker: Worker?

  /// Prepares a verifier.
  ///
  /// - Parameters:
  ///   - executable: the program to start.
  ///   - arguments: what makes it a worker.
  ///   - timeout: how long a case may run.
  public init(executable: URL, arguments: [String], timeout: Duration = .seconds(120)) {
    self.executable = executable
    self.arguments = arguments
    self.timeout = timeout
    signal(SIGPIPE, SIG_IGN)  // a worker that is gone shows as an error of the write
  }

  deinit { worker?.end() }

  /// The line that asks for a case; names of folders may hold line feeds, which JSON escapes.
  private static func question(_ testCase: VerificationCase) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return try encoder.encode(testCase.folder.path)
  }

  /// The case that a line of a worker's standard input asks for.
  ///
  /// - Throws: `BenchError.malformed` if the line is not a path as JSON.
  public static func testCase(askedBy line: String) throws(BenchError) -> VerificationCase {
    guard let path = try? JSONDecoder().decode(String.self, from: Data(line.utf8)) else {
      throw .malformed(file: "standard input", what: "expected a path as JSON, found '\(line)'")
    }
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    return VerificationCase(name: folder.lastPathComponent, folder: folder)
  }

  /// Runs a case.
  public func run(_ testCase: VerificationCase) -> VerificationResult {
    func lost(_ detail: String) -> VerificationResult {
      VerificationResult(name: testCase.name, status: .error, detail: detail, crashed: true)
    }
    do {
      let worker = try self.worker ?? Worker(executable: executable, arguments: arguments)
      self.worker = worker
      switch try worker.ask(try Self.question(testCase), timeout: timeout) {
      case .answer(let line):
        var result = try JSONDecoder().decode(VerificationResult.self, from: line)
        result.name = testCase.name
        return result
      case .silence:
        worker.end()
        self.worker = nil
        return lost("took longer than \(timeout.components.seconds) s")
      case .ended(let how):
        self.worker = nil
        return lost("the process \(how)")
      }
    } catch let failure {
      worker?.end()
      worker = nil
      return VerificationResult(name: testCase.name, status: .error, detail: "\(failure)")
    }
  }
}

/// A process that answers lines with lines.
private final class Worker {
  enum Reply {
    case answer(Data)
    case silence
    case ended(String)
  }

  private let process = Process()
  private let questions = Pipe()
  private let answers = Pipe()
  private var received = Data()

  init(executable: URL, arguments: [String]) throws {
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = questions
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func ask(_ line: Data, timeout: Duration) throws -> Reply {
    do { try questions.fileHandleForWriting.write(contentsOf: line + [UInt8(ascii: "\n")]) } catch { return ended() }
    let deadline = ContinuousClock.now + timeout
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        let answer = received[..<end]
        received = Data(received[(end + 1)...])
        return .answer(Data(answer))
      }
      let left = (deadline - .now).components
      let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { return .silence }
      var descriptor = pollfd(fd: answers.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, Int32(clamping: milliseconds)) > 0 else { continue }
      let data = answers.fileHandleForReading.availableData
      guard !data.isEmpty else { return ended() }
      received.append(data)
    }
  }

  private func ended() -> Reply {
    process.waitUntilExit()
    let code = process.terminationStatus
    return .ended(
      process.terminationReason == .uncaughtSignal ? "crashed with signal \(code)" : "ended with code \(code)")
  }

  func end() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
