import ArgumentParser
import Bench
import Engine

/// `swiftinfer compile`.
struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Writes a model as a plan file, which loads at once.",
    discussion: """
      A plan file holds the model as it runs on this instruction set: kernels chosen, weights in their layouts, to be \
      mapped into memory. Other commands that take a model take it too. It is made for the sizes that the model declares, those \
      of --shape, or else a batch of 1, 128 tokens and 3 x 224 x 224 images; an input that is named again begins a further set of sizes. \
      It takes other sizes too if they need no other form of the weights, as texts of any length.

      swiftinfer compile bert.onnx -o bert.plan --threads 2
      swiftinfer compile resnet.onnx -o resnet.plan --shape input=1x3x224x224 --shape input=8x3x224x224
      swiftinfer compile zoo:resnet50 -o resnet50.plan --tune full
      swiftinfer latency resnet50.plan
      """)

  @OptionGroup var model: ModelArgument

  @Option(name: .shortAndLong, help: ArgumentHelp("The plan file to write.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Sizes of an input, such as input=1x3x224x224.", valueName: "name=sizes"))
  var shape: [String] = []

  @OptionGroup var session: SessionArguments

  func run() throws {
    let reference = try model.reference
    let compilation = PlanCompilation(
      model: reference, shapes: shape, options: try session.options(for: reference), tuning: TuningProgress().handler)
    let byteCount = try compilation.write(to: output)
    Console.error("\(output): \(compilation.model.text), \(Figures.megabytes(byteCount)) MB")
  }
}
