import ArgumentParser
import Bench
import Foundation
import Zoo

extension LatencyMeasurement.SessionPolicy: ExpressibleByArgument {}

/// How the session of a model is made: shared by the commands that run one.
struct SessionArguments: ParsableArguments {
  @Option(help: "Threads that share the work of one request; all processors by default.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(inversion: .prefixedNo, help: "Let passes rewrite the graph.")
  var optimize = true

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads must be at least 1, found \(threads)") }
  }
}

/// The text that names a model in every command.
struct ModelArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("An ONNX file, or zoo:NAME (see 'swiftinfer zoo list').", valueName: "model"))
  var text: String

  /// The model that is meant.
  var reference: ModelReference { get throws { try ModelReference(text) } }

  func validate() throws {
    do throws(ZooError) { _ = try ModelReference(text) } catch { throw ValidationError("\(error)") }
  }
}
