import Engine
import Foundation
import Graph

/// What an experiment measured.
public struct ExperimentMeasurement: Codable, Sendable {
  /// What the model was fed.
  public let inputs: String
  /// Requests measured.
  public let requests: Int
  /// Requests before them.
  public let warmup: Int
  /// Reading, compiling and planning the model; of each request if the session is made per request.
  public let load: LatencySummary
  /// The compute of the first request of the process.
  public let firstRunMilliseconds: Double
  /// From the encoded image or the text to tensors.
  public let preprocessing: LatencySummary
  /// The model itself.
  public let compute: LatencySummary
  /// From scores to probabilities of the best classes.
  public let postprocessing: LatencySummary
  /// All parts of a request; with the load if the session is made per request.
  public let total: LatencySummary
  /// The most memory that the process had resident.
  public let peakMemoryByteCount: Int
  /// The kernels that ran.
  public let instructionSet: String

  private enum CodingKeys: String, CodingKey {
    case inputs, requests, warmup
    case load = "load_ms"
    case firstRunMilliseconds = "first_run_ms"
    case preprocessing = "preprocessing_ms"
    case compute = "compute_ms"
    case postprocessing = "postprocessing_ms"
    case total = "total_ms"
    case peakMemoryByteCount = "peak_memory_bytes"
    case instructionSet = "isa"
  }
}

/// Runs one experiment in this process, which should do nothing else before: its memory is part of the result.
public struct ExperimentRun: Sendable {
  /// The model that runs, by the name under which its vocabulary is known.
  public var model: ModelReference
  /// The file to load; nil to load `model` itself.
  public var file: String?
  /// Real inputs; nil to make them up.
  public var data: StudyData?
  /// How many requests.
  public var requests: BenchmarkProtocol
  /// When the session is made.
  public var session: LatencyMeasurement.SessionPolicy
  /// Threads that share the work of one request.
  public var threads: Int
  /// How plans are made.
  public var plan: PlanOptions
  /// Where plans are kept; nil to make one.
  public var planStore: PlanStore?
  /// Is told what a user may want to know of a kept plan.
  public var note: @Sendable (String) -> Void = { _ in }

  /// Describes a run.
  public init(
    model: ModelReference, file: String? = nil, data: StudyData?, requests: BenchmarkProtocol,
    session: LatencyMeasurement.SessionPolicy = .resident, threads: Int, plan: PlanOptions = PlanOptions()
  ) {
    self.model = model
    self.file = file
    self.data = data
    self.requests = requests
    self.session = session
    self.threads = threads
    self.plan = plan
  }

  /// Runs the requests one after the other.
  ///
  /// - Throws: errors of the model or of an input.
  public func callAsFunction() throws -> ExperimentMeasurement {
    let source = file.map(ModelReference.file) ?? model
    let options = SessionOptions(threads: threads, plan: plan)
    let kept = KeptPlan(of: source, store: planStore, options: options, note: note)
    let sizes =
      try kept.map { _ in
        try StudyInputs(for: source.load(), reference: model, data: data).make(0).compactMapValues { $0.tensor?.shape }
      } ?? [:]
    let clock = ContinuousClock()
    var times = Times()
    var current = MeasuredSession {
      try Session(kept?.compiled(sizes) ?? source.compiled(), options: options)
    }

    var start = clock.now
    let instructionSet = try current().instructionSetName
    var load = clock.now - start
    let compiled = try current().compiled
    let inputs = try StudyInputs(
      for: compiled.model, reference: model, data: data, plan: kept == nil ? compiled.planFile : nil)
    let first = try inputs.make(0)
    start = clock.now
    _ = try current().plan(forShapes: first.compactMapValues { $0.tensor?.shape })
    load += clock.now - start
    times.load.append(load)
    start = clock.now
    _ = try current().runValues(first)
    let firstRun = clock.now - start

    let cost = try request(0, inputs, &current, record: nil)
    let (warmup, measured) = requests.bounded(requestSeconds: cost.milliseconds / 1000)
    for number in 0..<warmup { _ = try request(number, inputs, &current, record: nil) }
    if session == .perRequest { times.load = [] }
    // All inputs once, then all again: repetitions of one input do not follow each other.
    for number in 0..<measured {
      _ = try request(number % max(requests.inputs, 1), inputs, &current) { times.append($0) }
    }
    return ExperimentMeasurement(
      inputs: inputs.kind, requests: measured, warmup: warmup, load: LatencySummary(times.load),
      firstRunMilliseconds: firstRun.milliseconds, preprocessing: LatencySummary(times.preprocessing),
      compute: LatencySummary(times.compute), postprocessing: LatencySummary(times.postprocessing),
      total: LatencySummary(times.total), peakMemoryByteCount: ProcessMemory.peakByteCount,
      instructionSet: instructionSet)
  }

  /// The parts of one request.
  private struct Request {
    var load: Duration?
    var preprocessing: Duration
    var compute: Duration
    var postprocessing: Duration
    var total: Duration { (load ?? .zero) + preprocessing + compute + postprocessing }
  }

  private struct Times {
    var load: [Duration] = []
    var preprocessing: [Duration] = []
    var compute: [Duration] = []
    var postprocessing: [Duration] = []
    var total: [Duration] = []

    mutating func append(_ request: Request) {
      if let time = request.load { load.append(time) }
      preprocessing.append(request.preprocessing)
      compute.append(request.compute)
      postprocessing.append(request.postprocessing)
      total.append(request.total)
    }
  }

  private func request(
    _ number: Int, _ inputs: StudyInputs, _ sessions: inout MeasuredSession,
    record: ((Request) -> Void)?
  ) throws -> Duration {
    if session == .perRequest { sessions.close() }
    let clock = ContinuousClock()
    let start = clock.now
    let current = try sessions()
    let loaded = clock.now
    let values = try inputs.make(number)
    let prepared = clock.now
    // A session that is not new has the plan already.
    if session == .perRequest { _ = try current.plan(forShapes: values.compactMapValues { $0.tensor?.shape }) }
    let planned = clock.now
    let outputs = try current.runValues(values)
    let computed = clock.now
    let scores = current.compiled.model.graph.outputNames.first.flatMap { outputs[$0]?.tensor }
    let classes = scores.flatMap { Classification($0) }
    let end = clock.now
    withExtendedLifetime(classes) {}
    let request = Request(
      load: session == .perRequest ? (loaded - start) + (planned - prepared) : nil, preprocessing: prepared - loaded,
      compute: computed - planned, postprocessing: end - computed)
    record?(request)
    return request.total
  }
}
