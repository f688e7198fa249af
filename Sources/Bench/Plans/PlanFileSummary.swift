import Engine
import Foundation
import Graph

/// What a plan file was compiled for: what `swiftinfer inspect` prints of it beside the model.
public struct PlanFileSummary: Codable, Sendable, Equatable {
  /// The model that was compiled, as it was called then.
  public let source: String
  /// Bytes of the plan file.
  public let byteCount: Int
  /// The kernels' instruction set.
  public let instructionSet: String
  /// The processor on which it was made.
  public let processor: String
  /// Threads for which kernels were chosen.
  public let threads: Int
  /// The types of the inputs, a list for each plan.
  public let inputs: [[String]]
  /// The options that it was compiled with, as on the command line.
  public let options: [String]

  private enum CodingKeys: String, CodingKey {
    case source, processor, threads, inputs, options
    case byteCount = "bytes"
    case instructionSet = "isa"
  }

  /// Describes a plan file.
  init(_ file: PlanFile) {
    (source, byteCount, instructionSet) = (file.source.name, file.byteCount, file.instructionSet)
    (processor, threads, inputs) = (file.processor, file.threads, file.inputTypes)
    options = file.options.commandLineArguments
  }

  /// The summary for people.
  var lines: [String] {
    [
      "plan        of \(source), \(Figures.megabytes(byteCount)) MB, \(instructionSet), \(processor), \(threads) "
        + (threads == 1 ? "thread" : "threads"),
      "options     \(options.joined(separator: " "))",
    ] + inputs.map { "compiled    \($0.joined(separator: ", "))" }
  }
}

extension ModelSummary {
  private static let key = "swiftinfer.summary"

  /// The summary as metadata of a plan file, which has not all that it tells.
  var metadata: [String: String] {
    get throws { [Self.key: String(decoding: try JSONEncoder().encode(self), as: UTF8.self)] }
  }

  /// The summary of the model that a plan file was made of, with what it was compiled for.
  ///
  /// Plans that `swiftinfer compile` did not write, as those of the plan cache, have no summary of the model; it is then made of
  /// the graph that the plan has for inputs of other sizes, and says nothing of zeros, since not all weights are there.
  ///
  /// - Throws: `EngineError` if the file cannot be used, or the model has changed since.
  public init(ofPlan path: String) throws {
    let file = try PlanFile(contentsOf: path)
    try file.checkSource()
    let model = try CompiledModel(file).model
    let kept = model.metadata[Self.key].flatMap {
      try? JSONDecoder().decode(ModelSummary.self, from: Data($0.utf8))
    }
    if let kept {
      self = kept
    } else {
      try self.init(of: model, reference: .file(path), shapes: file.sizes.first ?? [:])
      sparsity = nil
    }
    self.model = path
    plan = PlanFileSummary(file)
  }
}
