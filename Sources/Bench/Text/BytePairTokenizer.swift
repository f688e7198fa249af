import Foundation

/// RoBERTa's tokenizer: byte-level byte-pair encoding as GPT-2 has it.
///
/// Text is split into words with the space before them; each word's bytes are merged pair by pair, the pair that was
/// learned first first. Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), section 2.2; Liu et al.,
/// "RoBERTa" (2019). Equals transformers' `RobertaTokenizer` on text without special tokens.
public struct BytePairTokenizer: Tokenizer {
  private let vocabulary: Vocabulary
  private let ranks: [Pair: Int]
  private let unknown: Int
  /// The special tokens of a pair.
  public let template: PairTemplate

  private struct Pair: Hashable {
    let first: [UInt8]
    let second: [UInt8]
  }

  /// Reads a `vocab.json`, tokens and their numbers, and a `merges.txt`, one pair a line, learned first first.
  ///
  /// - Throws: `BenchError` if a file cannot be read or is not such a file, or if a special token is missing.
  public init(vocabulary file: URL, merges: URL) throws(BenchError) {
    guard let tokens = try? JSONDecoder().decode([String: Int].self, from: Data(try Vocabulary.text(of: file).utf8))
    else {
      throw .malformed(file: file.path, what: "expected an object of tokens and their numbers")
    }
    vocabulary = Vocabulary(
      Dictionary(tokens.map { (Array($0.key.utf8), $0.value) }, uniquingKeysWith: min), source: file.path)
    var ranks: [Pair: Int] = [:]
    for line in try Vocabulary.text(of: merges).split(separator: "\n") where !line.hasPrefix("#version") {
      let parts = line.utf8.split(separator: UInt8(ascii: " "))
      guard parts.count == 2 else {
        throw .malformed(file: merges.path, what: "expected two tokens a line, found '\(line.prefix(40))'")
      }
      ranks[Pair(first: Array(parts[0]), second: Array(parts[1]))] = ranks.count
    }
    self.ranks = ranks
    unknown = try vocabulary.required("<unk>")
    let end = try vocabulary.required("</s>")
    template = PairTemplate(
      start: [try vocabulary.required("<s>")], separator: [end, end], end: [end],
      padding: try vocabulary.required("<pad>"), positions: .behindPadding)
  }

  /// The numbers of a text's pieces.
  public func tokenize(_ text: String) -> [Int] {
    Self.words(of: Array(text.unicodeScalars)).flatMap { word in
      pieces(of: word).map { vocabulary[$0] ?? unknown }
    }
  }

  /// Merges the bytes of a word as long as a learned pair stands side by side: each time all occurrences of the pair
  /// that was learned first.
  private func pieces(of word: ArraySlice<Unicode.Scalar>) -> [[UInt8]] {
    var pieces = word.flatMap { Array(UTF8.encode($0) ?? .init()) }.map { Self.letters[Int($0)] }
    while pieces.count > 1 {
      let learned = zip(pieces, pieces.dropFirst()).lazy.compactMap { first, second in
        let pair = Pair(first: first, second: second)
        return ranks[pair].map { (rank: $0, pair: pair) }
      }
      guard let best = learned.min(by: { $0.rank < $1.rank })?.pair else { break }
      var merged: [[UInt8]] = []
      var position = 0
      while position < pieces.count {
        let isPair =
          position + 1 < pieces.count && pieces[position] == best.first && pieces[position + 1] == best.second
        merged.append(isPair ? best.first + best.second : pieces[position])
        position += isPair ? 2 : 1
      }
      pieces = merged
    }
    return pieces
  }

  /// For each byte the letter, in UTF-8, that stands for it in the vocabulary: itself where it prints, else one from U+0100 up.
  private static let letters: [[UInt8]] = {
    var next: UInt32 = 0x100
    return (UInt32(0)...255).map { byte in
      var code = byte
      if !((33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)) {
        code = next
        next += 1
      }
      return Unicode.Scalar(code).flatMap { UTF8.encode($0) }.map { Array($0) } ?? []
    }
  }()
}

// MARK: - Words

extension BytePairTokenizer {
  /// Splits a text as GPT-2's pattern does.
  ///
  ///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  private static func words(of text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    var words: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    while start < text.count {
      let end = contraction(in: text, at: start) ?? run(in: text, at: start)
      words.append(text[start..<end])
      start = end
    }
    return words
  }

  private static func contraction(in text: [Unicode.Scalar], at start: Int) -> Int? {
    for suffix in ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"] where text[start...].starts(with: suffix.unicodeScalars)
    {
      return start + suffix.unicodeScalars.count
    }
    return nil
  }

  private enum Kind {
    case space, letter, number, other
  }

  /// The end of the letters, digits, other characters or white space from a place on, one space before them included.
  private static func run(in text: [Unicode.Scalar], at start: Int) -> Int {
    func end(of kind: Kind, from position: Int) -> Int {
      text[position...].firstIndex { Self.kind(of: $0) != kind } ?? text.count
    }
    let first = kind(of: text[start])
    if first != .space { return end(of: first, from: start) }
    if text[start] == " ", start + 1 < text.count, kind(of: text[start + 1]) != .space {
      return end(of: kind(of: text[start + 1]), from: start + 1)
    }
    let spaces = end(of: .space, from: start)
    // White space leaves its last character to the word that follows.
    return spaces < text.count && spaces - start > 1 ? spaces - 1 : spaces
  }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    if scalar.properties.isWhitespace { return .space }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
    case .decimalNumber, .letterNumber, .otherNumber: .number
    default: .other
    }
  }
}
