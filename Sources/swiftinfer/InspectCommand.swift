import ArgumentParser
import Bench
import Engine

/// `swiftinfer inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Tells what a model is made of.",
    discussion: """
      Operator set, inputs, outputs, operators, parameters, multiply-accumulate operations, zeros among the weights, and \
      operators that are not built in. Sizes that the model leaves open are 1 for the batch, 128 tokens, 3 x 224 x 224 \
      for images, or what --shape says; of a plan file, those it was compiled for first. --threads, --no-optimize, --winograd and --tune say how --plan is made and have no \
      effect without.

      swiftinfer inspect resnet50.onnx
      swiftinfer inspect zoo:bert-base --plan --threads 2
      swiftinfer inspect zoo:resnet50 --plan --tune full
      swiftinfer inspect model.onnx --shape input=8x3x224x224 --json
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("Sizes of an input, such as input=1x3x224x224.", valueName: "name=sizes"))
  var shape: [String] = []

  @Flag(help: "Print the plan: the steps that would run, with their kernels and, with --tune, what was measured.")
  var plan = false

  @OptionGroup var session: SessionArguments

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let reference = try model.reference
    let shapes = try ModelInputs.shapes(shape)
    if plan {
      let compiled = try reference.compiled()
      let session = try Session(
        compiled, options: self.session.options(for: reference), tuning: TuningProgress().handler)
      let inputs = SyntheticInputs(shapes: shapes, plan: compiled.planFile)
      let sizes = try inputs.sizes(of: compiled.model.graph)
      let plan = try inputs.explaining(compiled.model.graph) { try session.plan(forShapes: sizes) }
      if json {
        try Console.printJSON(PlanDocument(plan, of: session, reference: reference))
      } else {
        try Console.output("\(plan)")
      }
      return
    }
    if reference.isPlan {
      guard shapes.isEmpty else {
        throw BenchError.unusable(argument: "--shape", reason: "\(reference.text) was compiled for its own sizes")
      }
      let summary = try ModelSummary(ofPlan: reference.text)
      if json { try Console.printJSON(summary) } else { try Console.output(summary.description) }
      return
    }
    let summary = try ModelSummary(of: reference.load(), reference: reference, shapes: shapes)
    if json { try Console.printJSON(summary) } else { try Console.output(summary.description) }
  }
}
