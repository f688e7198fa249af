import Foundation

/// BERT's tokenizer: words and punctuation, lower-cased and without accents, then the longest known pieces of each word.
///
/// Wu et al., "Google's Neural Machine Translation System" (2016), section 4.1; Devlin et al., "BERT" (2019). Equals
/// transformers' `BertTokenizer` on text without special tokens.
public struct WordPieceTokenizer: Tokenizer {
  private let vocabulary: Vocabulary
  private let unknown: Int
  private let lowercases: Bool
  /// The special tokens of a pair.
  public let template: PairTemplate

  /// Characters of the longest word that is looked up.
  private static let longestWord = 100

  /// Reads a `vocab.txt`: one token a line, numbered from 0.
  ///
  /// - Parameters:
  ///   - file: the `vocab.txt`.
  ///   - lowercases: whether the model is "uncased".
  /// - Throws: `BenchError` if the file cannot be read or lacks a special token.
  public init(vocabulary file: URL, lowercases: Bool = true) throws(BenchError) {
    let lines = Array(try Vocabulary.text(of: file).utf8).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var numbers: [[UInt8]: Int] = [:]
    for (number, line) in lines.enumerated() where !line.isEmpty {
      numbers[Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)] = number
    }
    vocabulary = Vocabulary(numbers, source: file.path)
    unknown = try vocabulary.required("[UNK]")
    let separator = try vocabulary.required("[SEP]")
    template = PairTemplate(
      start: [try vocabulary.required("[CLS]")], separator: [separator], end: [separator],
      padding: try vocabulary.required("[PAD]"), positions: .fromZero)
    self.lowercases = lowercases
  }

  /// The numbers of a text's pieces.
  public func tokenize(_ text: String) -> [Int] { words(of: text).flatMap(pieces) }

  /// Words and single punctuation characters, normalized.
  private func words(of text: String) -> [[Unicode.Scalar]] {
    var words: [[Unicode.Scalar]] = []
    var word: [Unicode.Scalar] = []
    func finish() {
      if !word.isEmpty { words.append(word) }
      word = []
    }
    for scalar in normalized(text) {
      if scalar.properties.isWhitespace {
        finish()
      } else if scalar.isPunctuation || scalar.isIdeograph {
        finish()
        words.append([scalar])
      } else {
        word.append(scalar)
      }
    }
    finish()
    return words
  }

  private func normalized(_ text: String) -> [Unicode.Scalar] {
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !scalar.isRemoved { cleaned.append(scalar) }
    guard lowercases else { return Array(cleaned) }
    return String(cleaned).decomposedStringWithCanonicalMapping.unicodeScalars
      .filter { $0.properties.generalCategory != .nonspacingMark }
      .flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
  }

  /// The longest pieces from the left that are known; the whole word is unknown if one is missing.
  private func pieces(of word: [Unicode.Scalar]) -> [Int] {
    guard word.count <= Self.longestWord else { return [unknown] }
    var pieces: [Int] = []
    var start = 0
    while start < word.count {
      let prefix: [UInt8] = start == 0 ? [] : [UInt8(ascii: "#"), UInt8(ascii: "#")]
      let match = stride(from: word.count, to: start, by: -1).lazy.compactMap { end in
        vocabulary[prefix + word[start..<end].flatMap { Array(UTF8.encode($0) ?? .init()) }].map { (end, $0) }
      }.first
      guard let (end, number) = match else { return [unknown] }
      pieces.append(number)
      start = end
    }
    return pieces
  }
}

extension Unicode.Scalar {
  /// Characters that BERT drops: controls and formats, but not white space, and the replacement character.
  fileprivate var isRemoved: Bool {
    if value == 0 || value == 0xFFFD { return true }
    if self == "\t" || self == "\n" || self == "\r" { return false }
    return switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned: true
    default: false
    }
  }

  /// Unicode's punctuation, and all of ASCII that is neither letter, digit nor space.
  fileprivate var isPunctuation: Bool {
    if (33...47).contains(value) || (58...64).contains(value) || (91...96).contains(value)
      || (123...126).contains(value)
    {
      return true
    }
    return switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  /// The blocks of ideographs, which are words of their own.
  fileprivate var isIdeograph: Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
      0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
