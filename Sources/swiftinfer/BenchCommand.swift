import ArgumentParser
import Bench
import Foundation
import Zoo

extension DeploymentOperator: ExpressibleByArgument {}

/// `swiftinfer bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compares ways to deploy models on real input.",
    discussion: """
      For each model and operator: load, first run, pre-processing, compute and post-processing, apart from each other. \
      Each experiment runs in a process of its own. Images and pairs of texts come from the folder models/inputs or from \
      --data: .jpg and .png files, and pairs.tsv. Without models: the subject models, ResNet-50 and MobileNetV2. The \
      default is bounded to a few minutes and says what it left out; --full is the study's protocol: 100 requests to \
      warm up, then 100 inputs five times.

      swiftinfer bench
      swiftinfer bench zoo:bert-base my.onnx --operators identity --json > report.json
      swiftinfer bench --full --threads 1
      swiftinfer bench zoo:resnet50 --session per-request --inputs 5 --repetitions 2
      """)

  @Argument(help: ArgumentHelp("ONNX files, or zoo:NAME.", valueName: "model"))
  var models: [String] = []

  @Option(help: ArgumentHelp("What is done to each model: identity, distilled, or both.", valueName: "names"))
  var operators = DeploymentOperator.allCases.map(\.rawValue).joined(separator: ",")

  @OptionGroup var threads: ThreadsArgument

  @OptionGroup var plan: PlanArguments

  @OptionGroup var planCache: PlanCacheArgument

  @Option(help: ArgumentHelp("When a model is loaded: resident (once) or per-request.", valueName: "policy"))
  var session = LatencyMeasurement.SessionPolicy.resident

  @Option(
    help: ArgumentHelp(
      "Requests before the measured ones (default: \(BenchmarkProtocol.quick.warmup)).", valueName: "n"))
  var warmup: Int?

  @Option(help: ArgumentHelp("Different inputs (default: \(BenchmarkProtocol.quick.inputs)).", valueName: "n"))
  var inputs: Int?

  @Option(
    help: ArgumentHelp("Requests with each input (default: \(BenchmarkProtocol.quick.repetitions)).", valueName: "n"))
  var repetitions: Int?

  @Option(
    help: ArgumentHelp(
      "Seconds that the requests of an experiment may take, 0 for any (default: \(Int(BenchmarkProtocol.quick.budgetSeconds))).",
      valueName: "seconds"))
  var budget: Double?

  @Flag(help: "The study's protocol, in any time.")
  var full = false

  @Option(help: ArgumentHelp("Folder of images and pairs.tsv.", valueName: "dir"))
  var data: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  @Option(help: .hidden)
  var workerFile: String?

  func validate() throws {
    do throws(ZooError) {
      for model in models { _ = try ModelReference(model) }
    } catch {
      throw ValidationError("\(error)")
    }
    _ = try selectedOperators()
    let counts = [("--warmup", warmup, 0), ("--inputs", inputs, 1), ("--repetitions", repetitions, 1)]
    for case (let name, let count?, let least) in counts { try Limits.check(name, count, least...Limits.count) }
    if let budget, !(budget >= 0) { throw ValidationError("--budget must be at least 0, found \(budget)") }
  }

  private func selectedOperators() throws -> [DeploymentOperator] {
    let names = operators.split(separator: ",", omittingEmptySubsequences: false).map { $0.lowercased() }
    for name in names where DeploymentOperator(rawValue: name) == nil {
      let known = DeploymentOperator.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--operators takes \(known), found '\(name)'")
    }
    return DeploymentOperator.allCases.filter { names.contains($0.rawValue) }
  }

  private var requests: BenchmarkProtocol {
    var requests = full ? BenchmarkProtocol.study : .quick
    requests.warmup = warmup ?? requests.warmup
    requests.inputs = inputs ?? requests.inputs
    requests.repetitions = repetitions ?? requests.repetitions
    requests.budgetSeconds = budget ?? requests.budgetSeconds
    return requests
  }

  func run() throws {
    let folder = try data.map { URL(filePath: $0) } ?? ModelsFolder.find("inputs")
    if let workerFile, let model = models.first {
      Study.becomeWorker()
      var run = ExperimentRun(
        model: try ModelReference(model), file: workerFile, data: try StudyData(folder: folder), requests: requests,
        session: session, threads: threads.count, plan: plan.options)
      run.planStore = try planCache.store(for: .file(workerFile))
      run.note = PlanCacheArgument.note
      return try Console.printJSON(run())
    }
    _ = try StudyData(folder: folder)
    for model in models {
      _ = try plan.options(for: ModelReference(model))
    }
    let references =
      models.isEmpty ? Experiment.standardModels.map(ModelReference.zoo) : try models.map { try ModelReference($0) }
    if planCache.isUsed, references.allSatisfy({ if case .zoo = $0 { true } else { false } }) {
      throw BenchError.unusable(
        argument: "--plan-cache",
        reason: "models of the zoo are no files; write them by 'swiftinfer zoo build NAME -o FILE'")
    }
    var study = Study(
      experiments: Experiment.all(of: references, operators: try selectedOperators()), data: folder,
      executable: Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
    guard !study.experiments.isEmpty else {
      throw BenchError.unusable(
        argument: "--operators \(operators)", reason: "no model has a student (see 'swiftinfer zoo list')")
    }
    study.requests = requests
    study.session = session
    study.threads = threads.count
    study.plan = plan.options
    study.keepsPlans = planCache.isUsed
    var progress = ProgressReport("bench", total: study.experiments.count, everyStep: true)
    let report = try study.run { progress.advance($0) }
    progress.finish()
    if json { try Console.printJSON(report) } else { try Console.output(report.description) }
    // There too, as every command's errors are, for those who keep the report or read it by a program.
    for failure in report.failures { Console.error("swiftinfer: \(failure)") }
    if !report.succeeded { throw ExitCode.failure }
  }
}
