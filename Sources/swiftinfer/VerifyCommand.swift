import ArgumentParser
import Bench
import Engine
import Foundation

/// `swiftinfer verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks models against expected outputs.",
    discussion: """
      A case is a folder with model.onnx and test_data_set_N/input_I.pb and output_I.pb, as ONNX's backend tests have \
      them; tolerance.json beside the model may hold 'rtol' and 'atol' (1e-3 and 1e-7 otherwise). Cases are found in \
      and below each DIR. Each ends as pass, fail (an output differs), unsupported (the engine declines an operator) \
      or error. The exit code is 1 if a case failed or had an error; with --baseline, if a case of that list does not \
      pass, or any other gives a wrong output or crashes.

      swiftinfer verify cases/node/test_add
      swiftinfer verify cases --threads 2 --json > report.json
      swiftinfer verify cases --baseline passing.txt --known-differences differences.txt
      """)

  @Argument(help: ArgumentHelp("Folders with cases.", valueName: "dir"))
  var folders: [String] = []

  @Option(help: "Threads that share the work of one request.")
  var threads = 1

  @OptionGroup var plan: PlanArguments

  @Flag(inversion: .prefixedNo, help: "Run cases in another process, so that a crash is an error of one case.")
  var isolate = true

  @Option(help: ArgumentHelp("Seconds that a case may take when isolated.", valueName: "seconds"))
  var timeout = 120

  @Option(help: ArgumentHelp("List of cases that must pass.", valueName: "file"))
  var baseline: String?

  @Option(help: ArgumentHelp("List of cases that may fail: a name and a reason a line.", valueName: "file"))
  var knownDifferences: String?

  @Flag(help: "Write the cases that pass to the baseline.")
  var updateBaseline = false

  @Flag(help: "Print one JSON document.")
  var json = false

  @Flag(help: .hidden)
  var worker = false

  func validate() throws {
    guard worker || !folders.isEmpty else { throw ValidationError("Missing expected argument '<dir> ...'") }
    guard baseline != nil || !(updateBaseline || knownDifferences != nil) else {
      throw ValidationError("--update-baseline and --known-differences need --baseline")
    }
    try Limits.check("--threads", threads, SessionOptions.threadCounts)
    try Limits.check("--timeout", timeout, 1...Limits.count)
  }

  private var verifier: Verifier {
    Verifier(options: SessionOptions(threads: threads, plan: plan.options))
  }

  func run() throws {
    if worker { return try work() }
    let baseline = try readBaseline()
    let cases = try folders.flatMap { try VerificationCase.find(in: URL(filePath: $0)) }
    let runCase = try makeRunner()
    var progress = ProgressReport("verify", total: cases.count)
    let results = try cases.map { testCase in
      progress.advance(testCase.name)
      let result = runCase(testCase)
      if !json {
        progress.finish()
        try Console.output(line(for: result))
      }
      return result
    }
    progress.finish()
    let report = VerificationReport(results)
    if json { try Console.printJSON(report) } else { try Console.output(report.summary) }
    try judge(report, by: baseline)
  }

  private func readBaseline() throws -> Baseline? {
    guard let baseline else { return nil }
    if updateBaseline, !FileManager.default.fileExists(atPath: baseline) {
      try OutputFile.write(Data(), to: URL(filePath: baseline))
    }
    return try Baseline(
      passing: URL(filePath: baseline), knownDifferences: knownDifferences.map { URL(filePath: $0) })
  }

  private func judge(_ report: VerificationReport, by lists: Baseline?) throws {
    guard let lists, let baseline else {
      if !report.succeeded { throw ExitCode.failure }
      return
    }
    if updateBaseline { try OutputFile.write(Data(lists.updatedList(from: report).utf8), to: URL(filePath: baseline)) }
    let violations = lists.violations(in: report)
    for violation in violations { Console.error("swiftinfer: \(violation)") }
    if !violations.isEmpty { throw ExitCode.failure }
  }

  private func line(for result: VerificationResult) -> String {
    let status = result.status.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)
    return status + result.name + (result.detail.isEmpty ? "" : ": \(result.detail)")
  }

  private func makeRunner() throws -> (VerificationCase) -> VerificationResult {
    guard isolate, let executable = Bundle.main.executableURL else { return verifier.run }
    let isolated = IsolatedVerifier(
      executable: executable,
      arguments: ["verify", "--worker", "--threads", "\(threads)"] + plan.options.commandLineArguments,
      timeout: .seconds(timeout))
    return isolated.run
  }

  /// Answers each line of standard input, the path of a case, with one line of JSON.
  private func work() throws {
    let encoder = JSONEncoder()
    while let line = readLine() {
      let result = verifier.run(try IsolatedVerifier.testCase(askedBy: line))
      try Console.output(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
  }
}
