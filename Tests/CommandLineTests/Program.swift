import Foundation

/// A program of the package, as the tests run it.
struct Program {
  /// What a run left behind.
  struct Outcome {
    let exitCode: Int32
    let output: String
    let errors: String
  }

  static let swiftinfer = Program(name: "swiftinfer")
  static let example = Program(name: "classify")
  static let shell = Program(executable: URL(filePath: "/bin/sh"))

  let executable: URL

  private init(executable: URL) { self.executable = executable }

  /// Programs are built beside the tests.
  private init(name: String) {
    executable = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: name)
  }

  /// Runs the program to its end.
  ///
  /// - Parameter device: where standard output goes in place of the outcome.
  func callAsFunction(
    _ arguments: [String], environment: [String: String] = [:], output device: URL? = nil
  ) throws -> Outcome {
    try withTemporaryFolder { folder in
      // Files take any amount of output without anybody reading.
      let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
      for file in [output, errors] { try Data().write(to: file) }
      let process = Process()
      process.executableURL = executable
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: device ?? output)
      process.standardError = try FileHandle(forWritingTo: errors)
      try process.run()
      process.waitUntilExit()
      return Outcome(
        exitCode: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
        output: try String(contentsOf: output, encoding: .utf8), errors: try String(contentsOf: errors, encoding: .utf8)
      )
    }
  }

  /// Starts the program; nobody reads what it says.
  func start(_ arguments: String...) throws -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    for keyPath in [\Process.standardInput, \.standardOutput, \.standardError] {
      process[keyPath: keyPath] = FileHandle.nullDevice
    }
    try process.run()
    return process
  }

  func callAsFunction(_ arguments: String...) throws -> Outcome { try self(arguments) }
}

/// Lends a fresh folder that is removed afterwards.
@discardableResult
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "swiftinfer-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
