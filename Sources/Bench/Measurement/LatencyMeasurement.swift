import Engine
import Foundation
import Graph

/// Measures the latency of one model.
///
///     let report = try LatencyMeasurement(model: ModelReference("zoo:resnet50")).run()
///     print(report.latency.median)
///
/// Requests run one after the other. With a resident session the model is loaded once, as on a server; per request, each
/// request loads the model again, as the study's clients did, and its latency contains that.
public struct LatencyMeasurement: Sendable {
  /// When the session is made.
  public enum SessionPolicy: String, Sendable, CaseIterable {
    /// Once, before the requests.
    case resident
    /// In each request.
    case perRequest = "per-request"
  }

  /// The model.
  public var model: ModelReference
  /// Threads that share the work of one request.
  public var threads = ProcessInfo.processInfo.activeProcessorCount
  /// Requests that are measured.
  public var runs = 50
  /// Requests before them that are not.
  public var warmup = 10
  /// When the session is made.
  public var session = SessionPolicy.resident
  /// How its plan is made.
  public var plan = PlanOptions()
  /// Where plans are kept; nil to make one.
  public var planStore: PlanStore?
  /// Is told what a user may want to know of a kept plan.
  public var note: @Sendable (String) -> Void = { _ in }
  /// Is told how far measurements of kernels are, if the plan asks for them.
  public var tuning: TuningEvent.Handler = { _ in }
  /// Whether to time each step; this takes `runs` more requests.
  public var profile = false

  /// Measures a model by the standard settings: all processors, 10 requests to warm up, 50 measured.
  public init(model: ModelReference) { self.model = model }

  private var options: SessionOptions { SessionOptions(threads: threads, plan: plan) }

  /// Runs the requests.
  ///
  /// - Parameters:
  ///   - inputs: files for inputs, as `NAME=FILE`; the others are made up.
  ///   - shapes: of inputs that are made up, as `NAME=1x3x224x224`; without these and files, a plan file's first sizes.
  ///   - progress: is told the number of each request that begins, from 0.
  /// - Throws: errors of the model, its inputs, or their files.
  public func run(
    inputs: [String] = [], shapes: [String] = [], progress: (Int) -> Void = { _ in }
  ) throws -> LatencyReport {
    // A model of the zoo is built before, as its file would be there; only files are read again in each request.
    let built: Model? = if case .zoo = model { try model.load() } else { nil }
    let kept = KeptPlan(of: model, store: planStore, options: options, tuning: tuning, note: note)
    let sizes =
      try kept.map { _ in
        try self.inputs(of: model.load(), plan: nil, files: inputs, shapes: shapes).compactMapValues {
          $0.tensor?.shape
        }
      } ?? [:]
    let clock = ContinuousClock()
    var current = MeasuredSession {
      try Session(
        kept?.compiled(sizes) ?? built.map { try CompiledModel($0) } ?? model.compiled(), options: options,
        tuning: tuning)
    }

    var start = clock.now
    let instructionSet = try current().instructionSetName
    var load = clock.now - start
    let compiled = try current().compiled
    let plan = kept == nil ? compiled.planFile : nil
    let values = try self.inputs(of: compiled.model, plan: plan, files: inputs, shapes: shapes)
    start = clock.now
    let given = Set(inputs.map { String($0.prefix { $0 != "=" }) })
    try SyntheticInputs(shapes: ModelInputs.shapes(shapes), plan: plan).explaining(compiled.model.graph, given: given) {
      _ = try current().plan(forShapes: values.compactMapValues { $0.tensor?.shape })
    }
    load += clock.now - start
    start = clock.now
    _ = try current().runValues(values)
    let firstRun = clock.now - start

    var durations: [Duration] = []
    for request in 0..<warmup + runs {
      progress(request)
      if session == .perRequest { current.close() }
      start = clock.now
      _ = try current().runValues(values)
      if request >= warmup { durations.append(clock.now - start) }
    }
    let layers = profile ? try LayerProfile.measure(current(), values, runs: runs) : nil
    return LatencyReport(
      model: model.text, threads: threads, runs: runs, warmup: warmup, session: session.rawValue,
      loadMilliseconds: load.milliseconds, firstRunMilliseconds: firstRun.milliseconds,
      latency: LatencySummary(durations), peakMemoryByteCount: ProcessMemory.peakByteCount,
      instructionSet: instructionSet, layers: layers)
  }

  private func inputs(
    of model: Model, plan: PlanFile?, files: [String], shapes: [String]
  ) throws -> [String: RuntimeValue] {
    let given = try ModelInputs(for: model, reference: self.model).files(files)
    return try SyntheticInputs(shapes: ModelInputs.shapes(shapes), plan: files.isEmpty ? plan : nil).inputs(
      for: model.graph, given: given)
  }
}

/// The latency of one model: what `swiftinfer latency` prints.
public struct LatencyReport: Encodable, Sendable {
  /// The model as the user called it.
  public let model: String
  /// Threads that shared the work of one request.
  public let threads: Int
  /// Requests measured.
  public let runs: Int
  /// Requests before them.
  public let warmup: Int
  /// `resident` or `per-request`.
  public let session: String
  /// Reading, compiling and planning the model.
  public let loadMilliseconds: Double
  /// The first request after that.
  public let firstRunMilliseconds: Double
  /// The measured requests; with the loading, if the session was made per request.
  public let latency: LatencySummary
  /// The most memory that the process had resident.
  public let peakMemoryByteCount: Int
  /// The kernels that ran.
  public let instructionSet: String
  /// The steps of the plan, if they were profiled.
  public let layers: [LayerProfile]?

  private enum CodingKeys: String, CodingKey {
    case model, threads, runs, warmup, session
    case loadMilliseconds = "load_ms"
    case firstRunMilliseconds = "first_run_ms"
    case latency = "latency_ms"
    case peakMemoryByteCount = "peak_memory_bytes"
    case instructionSet = "isa"
    case layers
  }
}

extension LatencyReport: CustomStringConvertible {
  /// A table for people.
  public var description: String {
    func ms(_ value: Double) -> String { Figures.milliseconds(value) }
    let latencies = [latency.min, latency.median, latency.mean, latency.p90, latency.p99, latency.max]
    let header = ["load ms", "first run ms", "min", "median", "mean", "p90", "p99", "max", "peak MB"]
    let row =
      [ms(loadMilliseconds), ms(firstRunMilliseconds)] + latencies.map(ms) + [Figures.megabytes(peakMemoryByteCount)]
    var lines = [
      "\(model): \(threads) \(threads == 1 ? "thread" : "threads"), \(instructionSet), \(session) session, "
        + "\(warmup) + \(runs) requests",
      TextTable(header, alignedRight: Set(header.indices), rows: [row]).description,
    ]
    if let layers { lines += ["", LayerProfile.table(layers).description] }
    return lines.joined(separator: "\n")
  }
}
