import ArgumentParser
import Bench
import Foundation
import Graph
import Zoo

/// `swiftinfer zoo`.
struct ZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo",
    abstract: "Lists the models that are built in, or writes one to a file.",
    discussion: """
      Exact architectures with seeded weights, not trained ones. Commands that take a model take zoo:NAME too.

      swiftinfer zoo list
      swiftinfer zoo build resnet50 -o resnet50.onnx
      """,
    subcommands: [List.self, Build.self])

  /// `swiftinfer zoo list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the models.")

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      if json { try Console.printJSON(ZooListing()) } else { try Console.output(ZooListing().description) }
    }
  }

  /// `swiftinfer zoo build`.
  struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes a model to an ONNX file.", discussion: "swiftinfer zoo build bert-base -o bert-base.onnx")

    @Argument(help: "The model's name.")
    var name: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    @Option(help: "Distinguishes weights; equal seeds give equal files.")
    var seed = ZooModel.defaultSeed

    func validate() throws {
      do throws(ZooError) { _ = try ZooModel(named: name) } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
      let model = try ZooModel(named: name)
      try model.build(seed: seed).write(to: output)
      let attributes = try? FileManager.default.attributesOfItem(atPath: output)
      let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
      Console.error("\(output): \(model.name), \(Figures.megabytes(size)) MB")
    }
  }
}
