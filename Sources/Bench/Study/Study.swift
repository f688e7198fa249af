import Dispatch
import Foundation
import Graph
import Zoo

/// Runs experiments, each in a process of its own, as the study restarted its tiers between them.
///
/// A model of the zoo is written to a temporary file first, so that loading it is loading a file. The process is
/// `swiftinfer bench --worker-file FILE`, which prints an `ExperimentMeasurement`.
public struct Study: Sendable {
  /// What is run.
  public var experiments: [Experiment]
  /// How many requests each has.
  public var requests = BenchmarkProtocol.quick
  /// When sessions are made.
  public var session = LatencyMeasurement.SessionPolicy.resident
  /// Threads that share the work of one request.
  public var threads = ProcessInfo.processInfo.activeProcessorCount
  /// The folder of real inputs.
  public var data: URL
  /// The program that runs an experiment.
  public var executable: URL

  /// Plans a study.
  public init(experiments: [Experiment], data: URL, executable: URL) {
    self.experiments = experiments
    self.data = data
    self.executable = executable
  }

  /// Runs all experiments; one that fails is part of the report.
  ///
  /// - Parameter progress: is told what begins.
  /// - Throws: `BenchError` if there is no place for temporary files.
  public func run(progress: (String) -> Void = { _ in }) throws -> StudyReport {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var results: [StudyReport.Result] = []
    for experiment in experiments {
      progress(experiment.title)
      do {
        results.append(.init(experiment, measurement: try measure(experiment, in: folder.url), error: nil))
      } catch {
        results.append(.init(experiment, measurement: nil, error: "\(error)"))
      }
    }
    return StudyReport(results, study: self)
  }

  private func measure(_ experiment: Experiment, in folder: URL) throws -> ExperimentMeasurement {
    let file: String
    switch experiment.deployed {
    case .file(let path): file = path
    case .zoo(let model):
      file = folder.appending(path: "\(model.name).onnx").path
      try model.build().write(to: file)
    }
    defer { if case .zoo = experiment.deployed { try? FileManager.default.removeItem(atPath: file) } }
    let output = try ChildProcess.output(
      of: executable,
      arguments: [
        "bench", experiment.deployed.text, "--worker-file", file, "--threads", "\(threads)", "--data", data.path,
        "--session", session.rawValue, "--warmup", "\(requests.warmup)", "--inputs", "\(requests.inputs)",
        "--repetitions", "\(requests.repetitions)", "--budget", "\(requests.budgetSeconds)",
      ])
    return try JSONDecoder().decode(ExperimentMeasurement.self, from: output)
  }
}

/// A folder that goes when the work ends, or is interrupted from the keyboard or told to end.
private final class TemporaryFolder {
  let url: URL
  private let interruptions: [any DispatchSourceSignal]
  private static let signals = [SIGINT, SIGTERM]

  init() throws(BenchError) {
    let url = FileManager.default.temporaryDirectory.appending(path: "swiftinfer-\(UUID().uuidString)")
    try OutputFile.makeFolder(url)
    self.url = url
    interruptions = Self.signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        try? FileManager.default.removeItem(at: url)
        exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  func remove() {
    for interruption in interruptions { interruption.cancel() }
    for number in Self.signals { signal(number, SIG_DFL) }
    try? FileManager.default.removeItem(at: url)
  }
}

/// A program that is run to its end.
enum ChildProcess {
  /// What a program printed.
  ///
  /// - Throws: `BenchError.failed` with its last line of standard error if its exit code is not 0.
  static func output(of executable: URL, arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Workers write at most one line of errors, which the pipe holds while the output is read.
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit else {
      throw BenchError.failed(what: "the process crashed with signal \(process.terminationStatus)")
    }
    guard process.terminationStatus == 0 else {
      let line = message.split(separator: "\n").last.map(String.init) ?? "exit code \(process.terminationStatus)"
      throw BenchError.failed(what: line.hasPrefix("swiftinfer: ") ? String(line.dropFirst(12)) : line)
    }
    return data
  }
}
