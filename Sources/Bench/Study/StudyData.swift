import Engine
import Foundation
import Graph

/// Real inputs of a benchmark: encoded images, and pairs of texts.
public struct StudyData: Sendable {
  /// JPEG and PNG files, sorted by name.
  public let images: [URL]
  /// Pairs of texts.
  public let pairs: [(String, String)]

  /// Reads a folder: all its images, and `pairs.tsv`, one pair a line, separated by a tab.
  ///
  /// - Throws: `BenchError.nothingFound` if it has neither.
  public init(folder: URL) throws(BenchError) {
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    images = files.filter { ["jpg", "jpeg", "png"].contains($0.pathExtension.lowercased()) }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
    let text = try? String(contentsOf: folder.appending(path: "pairs.tsv"), encoding: .utf8)
    pairs = (text ?? "").split(separator: "\n").compactMap { line in
      let columns = line.split(separator: "\t", maxSplits: 1)
      return columns.count == 2 ? (String(columns[0]), String(columns[1])) : nil
    }
    guard !images.isEmpty || !pairs.isEmpty else {
      throw .nothingFound(folder: folder.path, what: "image (.jpg, .png) and no pairs.tsv")
    }
  }
}

/// Makes the inputs of a model from real data, and reads its outputs.
struct StudyInputs {
  /// Makes the input of a number; this is what is timed as pre-processing.
  let make: (Int) throws -> [String: RuntimeValue]
  /// What the inputs are, for the report.
  let kind: String
  /// What they are called if they are not real.
  static let madeUp = "made-up tensors"

  /// Chooses what the model takes: images, texts, or, for any other model, made-up tensors.
  ///
  /// - Parameter plan: the plan file that will run, if there is one: made-up tensors have its first sizes.
  init(for model: Model, reference: ModelReference, data: StudyData?, plan: PlanFile? = nil) throws {
    let inputs = ModelInputs(for: model, reference: reference)
    if let data, inputs.image != nil, !data.images.isEmpty {
      let files = try data.images.map { (bytes: [UInt8](try InputFile.read($0)), name: $0.lastPathComponent) }
      kind = "images"
      make = { number in
        let file = files[number % files.count]
        return try inputs.image(encoded: file.bytes, source: file.name)
      }
    } else if let data, inputs.takesText, !data.pairs.isEmpty, let tokenizer = try? inputs.tokenizer() {
      kind = "text pairs"
      make = { number in
        let pair = data.pairs[number % data.pairs.count]
        return try inputs.text(pair.0, pair: pair.1, tokenizer: tokenizer)
      }
    } else {
      kind = Self.madeUp
      make = { number in try SyntheticInputs(seed: UInt64(number) + 1, plan: plan).inputs(for: model.graph) }
    }
  }
}
