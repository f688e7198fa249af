import ArgumentParser
import Bench
import Engine
import Foundation
import Zoo

extension LatencyMeasurement.SessionPolicy: ExpressibleByArgument {}

/// What numbers may be: beyond, sums overflow and systems run out of threads.
enum Limits {
  /// The most requests, inputs, repetitions or seconds.
  static let count = 1_000_000_000

  /// - Throws: `ValidationError` naming the option and the bound that a value breaks.
  static func check(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard value >= range.lowerBound else {
      throw ValidationError("\(option) must be at least \(range.lowerBound), found \(value)")
    }
    guard value <= range.upperBound else {
      throw ValidationError("\(option) must be at most \(range.upperBound), found \(value)")
    }
  }
}

/// How many threads run a request, where all processors are the default.
struct ThreadsArgument: ParsableArguments {
  @Option(name: .customLong("threads"), help: "Threads that share the work of one request; all processors by default.")
  var count = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    try Limits.check("--threads", count, SessionOptions.threadCounts)
  }
}

/// How the session of a model is made: shared by the commands that run one.
struct SessionArguments: ParsableArguments {
  @OptionGroup private var threadsArgument: ThreadsArgument

  @OptionGroup var plan: PlanArguments

  /// What the arguments say of a model that the user named.
  ///
  /// - Throws: `BenchError.unusable` for choices that a plan file has made.
  func options(for reference: ModelReference) throws -> SessionOptions {
    SessionOptions(threads: threads, plan: try plan.options(for: reference))
  }

  /// Threads that share the work of one request.
  var threads: Int { threadsArgument.count }
}

/// The text that names a model in every command.
struct ModelArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("An ONNX file, a plan file, or zoo:NAME (see 'swiftinfer zoo list').", valueName: "model"))
  var text: String

  /// The model that is meant.
  var reference: ModelReference { get throws { try ModelReference(text) } }

  func validate() throws {
    do throws(ZooError) { _ = try ModelReference(text) } catch { throw ValidationError("\(error)") }
  }
}
