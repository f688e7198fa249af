import Engine
import Foundation
import Graph

extension ModelInputs {
  /// Whether a text tells all inputs of the model.
  public var takesText: Bool { (try? textInputs(except: [])) != nil }

  /// Finds the tokenizer of a model: the vocabulary given, or the one beside the model's file, or that of the zoo.
  ///
  /// `vocab.txt` is BERT's; `vocab.json` with `merges.txt` in the same folder is RoBERTa's.
  ///
  /// - Throws: `BenchError.nothingFound` naming where it was looked for.
  public func tokenizer(vocabulary: String? = nil) throws(BenchError) -> any Tokenizer {
    if let vocabulary { return try Self.tokenizer(of: URL(filePath: vocabulary)) }
    let folder: URL
    switch reference {
    case .file(let path): folder = URL(filePath: path).deletingLastPathComponent()
    case .zoo(let model):
      folder = try ModelsFolder.find("vocabulary/\(model.name.hasPrefix("roberta") ? "roberta" : "bert")")
    }
    for name in ["vocab.txt", "vocab.json"] {
      let file = folder.appending(path: name)
      if FileManager.default.fileExists(atPath: file.path) { return try Self.tokenizer(of: file) }
    }
    throw .nothingFound(folder: folder.path, what: "vocab.txt or vocab.json (--vocab names another file)")
  }

  private static func tokenizer(of file: URL) throws(BenchError) -> any Tokenizer {
    guard file.pathExtension == "json" else { return try WordPieceTokenizer(vocabulary: file) }
    return try BytePairTokenizer(
      vocabulary: file, merges: file.deletingLastPathComponent().appending(path: "merges.txt"))
  }

  /// The inputs made of a text or a pair of texts: ids, mask, types and positions, each to the input of that use.
  ///
  /// - Parameters:
  ///   - text: a text.
  ///   - pair: what it is compared with, if it is one of a pair.
  ///   - tokenizer: makes token ids of texts.
  ///   - given: values of inputs that are not to be made.
  /// - Throws: `BenchError.unusable` if an input takes no tokens, or if its use cannot be told.
  public func text(
    _ text: String, pair: String?, tokenizer: any Tokenizer, given: [String: RuntimeValue] = [:]
  ) throws(BenchError) -> [String: RuntimeValue] {
    let inputs = try textInputs(except: Set(given.keys))
    let encoded = try tokenizer.encode(text, pair: pair, length: inputs.length)
    var values = given
    for (input, part) in inputs.parts {
      let numbers = encoded[keyPath: part]
      values[graph[input].name] = .tensor(
        graph[input].type?.dataType == .int32
          ? Tensor(shape: [1, inputs.length], numbers.map { Int32(clamping: $0) })
          : Tensor(shape: [1, inputs.length], numbers.map { Int64($0) }))
    }
    return values
  }

  /// The inputs that a text is to fill.
  private struct TextInputs {
    /// Tokens of a text.
    var length: Int
    /// What each takes of an encoded text.
    var parts: [(ValueID, KeyPath<EncodedText, [Int]>)]
  }

  private func textInputs(except given: Set<String>) throws(BenchError) -> TextInputs {
    var length: Int?
    var parts: [(ValueID, KeyPath<EncodedText, [Int]>)] = []
    for input in graph.inputs where !given.contains(graph[input].name) {
      let name = graph[input].name
      guard case .tensor(let type, let shape?)? = graph[input].type, type == .int64 || type == .int32, shape.rank == 2
      else {
        throw .unusable(
          argument: "--text",
          reason: "input '\(name)' does not take tokens, [batch x length]; give it by --input \(name)=FILE")
      }
      if let size = shape[1].size {
        guard length ?? size == size else {
          throw .unusable(
            argument: "--text",
            reason: "input '\(name)' takes \(size) tokens, another \(length ?? 0); give it by --input \(name)=FILE")
        }
        length = size
      }
      parts.append((input, try part(for: input, except: given)))
    }
    guard !parts.isEmpty else { throw .unusable(argument: "--text", reason: "the model has no input left for it") }
    return TextInputs(length: length ?? SyntheticInputs.tokens, parts: parts)
  }

  /// What an input takes of an encoded text.
  ///
  /// Each part has one taker: another input that seems to be of the same use, as a decoder's, means something else, unless
  /// it has the usual name.
  private func part(
    for input: ValueID, except given: Set<String>
  ) throws(BenchError) -> KeyPath<EncodedText, [Int]> {
    let name = graph[input].name
    let use = InputUse(of: input, in: graph)
    let isTaken = graph.inputs.contains { other in
      other != input && !given.contains(graph[other].name) && InputUse(of: other, in: graph).isSameKind(as: use)
    }
    if !isTaken || InputUse.usualNames.contains(name) {
      switch use {
      case .tokens: return \.ids
      case .mask: return \.mask
      case .types: return \.types
      case .positions: return \.positions
      case .unknown: break
      }
    }
    throw .unusable(
      argument: "--text",
      reason: "what input '\(name)' takes of a text cannot be told from its name and its readers; "
        + "give it by --input \(name)=FILE")
  }
}
