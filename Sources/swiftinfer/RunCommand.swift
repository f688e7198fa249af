import ArgumentParser
import Bench
import Engine
import Foundation

/// `swiftinfer run`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a model once.",
    discussion: """
      Inputs come from .npy or .pb files, from a JPEG or PNG image (resized to 232, cropped to 224, normalised), or from a \
      text or a pair of texts; the vocabulary (vocab.txt, or vocab.json and merges.txt) is looked for beside the model. \
      Outputs are summarized, and written as NAME.npy with --output-dir.

      swiftinfer run model.onnx --input x=x.npy --input y=y.pb --output-dir outputs
      swiftinfer run zoo:resnet50 --image cat.jpg
      swiftinfer run bert/model.onnx --text "It rains." --text-pair "The weather is wet."
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("The file of an input, .npy or .pb.", valueName: "name=file"))
  var input: [String] = []

  @Option(help: ArgumentHelp("A JPEG or PNG image.", valueName: "file"))
  var image: String?

  @Option(help: "A text.")
  var text: String?

  @Option(help: "The second text of a pair.")
  var textPair: String?

  @Option(help: ArgumentHelp("vocab.txt, or vocab.json with merges.txt beside it.", valueName: "file"))
  var vocab: String?

  @Option(help: ArgumentHelp("Folder for the outputs, made if need be.", valueName: "dir"))
  var outputDir: String?

  @OptionGroup var session: SessionArguments

  @OptionGroup var planCache: PlanCacheArgument

  @Flag(help: "Print one JSON document: type, shape and range of each output.")
  var json = false

  func validate() throws {
    if textPair != nil, text == nil { throw ValidationError("--text-pair needs --text") }
    if vocab != nil, text == nil { throw ValidationError("--vocab needs --text") }
    if image != nil, text != nil { throw ValidationError("--image and --text exclude each other") }
  }

  func run() throws {
    let reference = try model.reference
    let options = try session.options(for: reference)
    let store = try planCache.store(for: reference)
    let compiled = store == nil ? try reference.compiled() : nil
    let model = try compiled?.model ?? reference.load()
    let source = ModelInputs(for: model, reference: reference)
    var values = try source.files(input)
    if let image {
      let made = try source.image(contentsOf: URL(filePath: image))
      if let name = made.keys.first(where: { values[$0] != nil }) {
        throw BenchError.unusable(
          argument: "--image \(image)", reason: "input '\(name)' has a file already, by --input")
      }
      values.merge(made) { $1 }
    }
    if let text {
      let tokenizer = try source.tokenizer(vocabulary: vocab)
      values = try source.text(text, pair: textPair, tokenizer: tokenizer, given: values)
    }
    try source.checkComplete(values)
    let tuning = TuningProgress().handler
    let kept = try store?.compiled(
      reference.text, shapes: values.compactMapValues { $0.tensor?.shape }, options: options, tuning: tuning,
      note: PlanCacheArgument.note)
    let session = try Session(compiled ?? kept ?? CompiledModel(model), options: options, tuning: tuning)
    let outputs = try session.runValues(values)
    if let outputDir { try RunOutputs.write(outputs, order: model.graph.outputNames, to: URL(filePath: outputDir)) }
    let summary = RunOutputs(outputs, order: model.graph.outputNames, isClassification: image != nil || text != nil)
    if json { try Console.printJSON(summary) } else { try Console.output(summary.description) }
  }
}
