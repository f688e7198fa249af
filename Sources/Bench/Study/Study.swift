import Engine
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
  /// How plans are made.
  public var plan = PlanOptions()
  /// Whether plans of model files come from the plan cache; those of the zoo, whose files are temporary, never do.
  public var keepsPlans = false
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
    let workplace = try Workplace()
    defer { workplace.remove() }
    var results: [StudyReport.Result] = []
    for experiment in experiments {
      progress(experiment.title)
      do {
        results.append(.init(experiment, measurement: try measure(experiment, in: workplace), error: nil))
      } catch {
        results.append(.init(experiment, measurement: nil, error: "\(error)"))
      }
    }
    return StudyReport(results, study: self)
  }

  /// Prepares the process of one experiment: it inherits that its parent ignores signals, and ends with it.
  public static func becomeWorker() {
    Workplace.restoreSignals()
    ChildProcess.endWithParent()
  }

  private func measure(_ experiment: Experiment, in workplace: Workplace) throws -> ExperimentMeasurement {
    let file: String
    switch experiment.deployed {
    case .file(let path): file = path
    case .zoo(let model):
      file = workplace.folder.appending(path: "\(model.name).onnx").path
      try model.build().write(to: file)
    }
    defer { if case .zoo = experiment.deployed { try? FileManager.default.removeItem(atPath: file) } }
    let worker = ChildProcess(
      executable: executable,
      arguments: [
        "bench", experiment.deployed.text, "--worker-file", file, "--threads", "\(threads)", "--data", data.path,
        "--session", session.rawValue, "--warmup", "\(requests.warmup)", "--inputs", "\(requests.inputs)",
        "--repetitions", "\(requests.repetitions)", "--budget", "\(requests.budgetSeconds)",
      ] + plan.commandLineArguments + (keepsPlans && experiment.deployed.isFile ? ["--plan-cache"] : []))
    return try JSONDecoder().decode(ExperimentMeasurement.self, from: workplace.output(of: worker))
  }
}
