import ArgumentParser
import Bench

/// The command line: each command parses its arguments, lets `Bench` do the work, and prints what came of it.
struct SwiftInfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftinfer",
    abstract: "Runs ONNX models on CPUs and compares ways to deploy them.",
    version: Bench.version,
    subcommands: [
      InspectCommand.self,
      RunCommand.self,
      VerifyCommand.self,
      LatencyCommand.self,
      CompileCommand.self,
      BenchCommand.self,
      ZooCommand.self,
    ])
}
