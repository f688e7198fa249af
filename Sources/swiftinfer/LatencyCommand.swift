import ArgumentParser
import Bench

/// `swiftinfer latency`.
struct LatencyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latency",
    abstract: "Measures a model's latency.",
    discussion: """
      Requests run one after the other; load and first run are told apart from the rest. With --session per-request each \
      request loads the model anew, and its latency contains that. Inputs that are not given are made up: normal floats, \
      token ids within the vocabulary, masks of ones.

      swiftinfer latency zoo:resnet50 --threads 2
      swiftinfer latency model.onnx --input input=x.npy --runs 200 --warmup 20 --json
      swiftinfer latency zoo:bert-base --profile
      swiftinfer latency model.onnx --plan-cache
      swiftinfer latency model.onnx --shape ids=1x64 --session per-request --runs 10
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("The file of an input, .npy or .pb.", valueName: "name=file"))
  var input: [String] = []

  @Option(help: ArgumentHelp("Sizes of an input that is made up, such as input=1x3x224x224.", valueName: "name=sizes"))
  var shape: [String] = []

  @OptionGroup var sessionArguments: SessionArguments

  @OptionGroup var planCache: PlanCacheArgument

  @Option(help: "Requests to measure.")
  var runs = 50

  @Option(help: "Requests before them.")
  var warmup = 10

  @Option(help: ArgumentHelp("When the model is loaded: resident (once) or per-request.", valueName: "policy"))
  var session = LatencyMeasurement.SessionPolicy.resident

  @Flag(help: "Time each step of the plan too, in further requests.")
  var profile = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    try Limits.check("--runs", runs, 1...Limits.count)
    try Limits.check("--warmup", warmup, 0...Limits.count)
  }

  func run() throws {
    let reference = try model.reference
    var measurement = LatencyMeasurement(model: reference)
    measurement.threads = sessionArguments.threads
    measurement.plan = try sessionArguments.plan.options(for: reference)
    measurement.planStore = try planCache.store(for: reference)
    measurement.note = PlanCacheArgument.note
    measurement.tuning = TuningProgress().handler
    measurement.runs = runs
    measurement.warmup = warmup
    measurement.session = session
    measurement.profile = profile
    var progress = ProgressReport("latency", total: warmup + runs)
    let report = try measurement.run(inputs: input, shapes: shape) { request in
      progress.advance(request < warmup ? "warm-up" : "measuring")
    }
    progress.finish()
    if json { try Console.printJSON(report) } else { try Console.output(report.description) }
  }
}
