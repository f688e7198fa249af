import Engine
import Foundation
import Zoo

/// The results of a study: what `swiftinfer bench` prints.
public struct StudyReport: Encodable, Sendable {
  /// One experiment.
  public struct Result: Encodable, Sendable {
    /// The subject.
    public let model: String
    /// What was done to it.
    public let deploymentOperator: DeploymentOperator
    /// What ran.
    public let deployed: String
    /// What was measured; nil if it failed.
    public let measurement: ExperimentMeasurement?
    /// Why it failed.
    public let error: String?

    private enum CodingKeys: String, CodingKey {
      case model, deployed, measurement, error
      case deploymentOperator = "operator"
    }

    /// Pairs an experiment with its end.
    init(_ experiment: Experiment, measurement: ExperimentMeasurement?, error: String?) {
      model = experiment.model.shortName
      deploymentOperator = experiment.deploymentOperator
      deployed = experiment.deployed.shortName
      self.measurement = measurement
      self.error = error
    }
  }

  /// The processor's name.
  public let processor: String
  /// Threads that shared the work of one request.
  public let threads: Int
  /// `resident` or `per-request`.
  public let session: String
  /// How many requests each experiment should have.
  public let requests: BenchmarkProtocol
  /// The experiments.
  public let experiments: [Result]
  /// What the study's protocol has and this run had not.
  public let leftOut: [String]

  /// What failed, and why.
  public var failures: [String] {
    experiments.compactMap { result in
      result.error.map { "\(result.model), \(result.deploymentOperator.title): \($0)" }
    }
  }

  private enum CodingKeys: String, CodingKey {
    case processor, threads, session, experiments
    case requests = "protocol"
    case leftOut = "left_out"
  }

  init(_ results: [Result], study: Study) {
    processor = Processor.name
    threads = study.threads
    session = study.session.rawValue
    requests = study.requests
    experiments = results
    leftOut = Self.leftOut(results, study: study)
  }

  /// Whether every experiment has a measurement.
  public var succeeded: Bool { experiments.allSatisfy { $0.error == nil } }

  private static func span(_ least: Int, _ most: Int) -> String { least == most ? "\(least)" : "\(least) to \(most)" }

  private static func leftOut(_ results: [Result], study: Study) -> [String] {
    var list: [String] = []
    let full = BenchmarkProtocol.study
    let wanted = full.inputs * full.repetitions
    let ran = results.compactMap { $0.measurement?.requests }
    if let least = ran.min(), let most = ran.max(), least < wanted {
      let warmups = results.compactMap { $0.measurement?.warmup }
      list.append(
        "requests: \(span(least, most)) measured instead of \(wanted), \(span(warmups.min() ?? 0, warmups.max() ?? 0)) "
          + "before them instead of \(full.warmup) (--full runs all)")
    }
    let madeUp = results.filter { $0.measurement?.inputs == StudyInputs.madeUp }.map(\.deployed)
    if !madeUp.isEmpty { list.append("real inputs, in place of made-up tensors: \(madeUp.joined(separator: ", "))") }
    if results.contains(where: { $0.deploymentOperator == .distilled }) {
      let distilled = Set(results.filter { $0.deploymentOperator == .distilled }.map(\.model))
      let alone = results.map(\.model).filter { !distilled.contains($0) }
      if !alone.isEmpty { list.append("Distilled, for want of a student: \(alone.joined(separator: ", "))") }
    }
    let shown = Set(results.flatMap { [$0.model, $0.deployed] })
    let absent = ZooModel.allCases.map(\.name).filter { !shown.contains($0) }
    if !absent.isEmpty { list.append("models of the zoo: \(absent.joined(separator: ", "))") }
    if study.session == .resident { list.append("sessions made in each request (--session per-request)") }
    return list
  }
}

extension StudyReport: CustomStringConvertible {
  /// A table with the medians, and what was left out.
  public var description: String {
    func ms(_ value: Double?) -> String { value.map(Figures.milliseconds) ?? "" }
    let header = [
      "model", "operator", "deployed", "load", "first run", "pre", "compute", "p99", "post", "request", "peak MB",
      "requests",
    ]
    let rows = experiments.map { result in
      let measured = result.measurement
      return [
        result.model, result.deploymentOperator.title, result.deployed, ms(measured?.load.median),
        ms(measured?.firstRunMilliseconds), ms(measured?.preprocessing.median), ms(measured?.compute.median),
        ms(measured?.compute.p99), ms(measured?.postprocessing.median), ms(measured?.total.median),
        measured.map { Figures.megabytes($0.peakMemoryByteCount) } ?? "", measured.map { "\($0.requests)" } ?? "failed",
      ]
    }
    let isa = experiments.lazy.compactMap { $0.measurement?.instructionSet }.first ?? "?"
    var lines = [
      "\(processor), \(threads) \(threads == 1 ? "thread" : "threads"), \(isa), \(session) session; medians in ms",
      TextTable(header, alignedRight: Set(3..<header.count), rows: rows).description,
    ]
    lines += failures.map { "failed: \($0)" }
    lines += leftOut.map { "left out: \($0)" }
    return lines.joined(separator: "\n")
  }
}
