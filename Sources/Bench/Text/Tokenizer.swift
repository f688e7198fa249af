import Foundation

/// Splits text into the numbers by which a language model knows its pieces.
public protocol Tokenizer: Sendable {
  /// The numbers of a text's pieces, without special tokens.
  ///
  /// Words that happen to be spelled like special tokens are text.
  func tokenize(_ text: String) -> [Int]
  /// How two texts become one sequence.
  var template: PairTemplate { get }
}

/// The special tokens around one text, or around and between two.
public struct PairTemplate: Sendable, Equatable {
  /// Before the first text.
  public var start: [Int]
  /// Between the texts.
  public var separator: [Int]
  /// After the last text.
  public var end: [Int]
  /// What fills a sequence up to its length.
  public var padding: Int
  /// How tokens are numbered by their places.
  public var positions: PositionRule

  /// How many special tokens a pair has.
  var pairCount: Int { start.count + separator.count + end.count }
  /// How many special tokens a single text has.
  var singleCount: Int { start.count + end.count }
}

/// How an encoder numbers the places of a sequence.
public enum PositionRule: Sendable, Equatable {
  /// From 0 on, padding too: BERT.
  case fromZero
  /// Padding has the padding token's number, real tokens count on from there: RoBERTa.
  case behindPadding
}

/// A sequence of a fixed length, as encoders take it.
public struct EncodedText: Sendable, Equatable {
  /// Number of each token.
  public let ids: [Int]
  /// 1 for real tokens, 0 for padding.
  public let mask: [Int]
  /// 0 for the first text with its special tokens and for padding, 1 for the second.
  public let types: [Int]
  /// Place of each token, by the encoder's rule.
  public let positions: [Int]
}

extension Tokenizer {
  /// Encodes a text, or a pair, padded and cut to a length.
  ///
  /// If it is too long, tokens go from the end of the longer text first, as transformers do with
  /// `truncation=True, padding="max_length"`.
  ///
  /// - Throws: `BenchError.unusable` if not even the special tokens fit.
  public func encode(_ text: String, pair: String? = nil, length: Int = 128) throws(BenchError) -> EncodedText {
    let template = template
    let special = pair == nil ? template.singleCount : template.pairCount
    guard length >= special else {
      throw .unusable(argument: "a sequence of \(length) tokens", reason: "the special tokens alone take \(special)")
    }
    var first = tokenize(text)
    var second = pair.map(tokenize) ?? []
    let kept = Self.truncatedCounts(first.count, second.count, room: length - special, isPair: pair != nil)
    first = Array(first.prefix(kept.0))
    second = Array(second.prefix(kept.1))

    var ids = template.start + first
    var types = [Int](repeating: 0, count: ids.count)
    if pair != nil {
      // BERT counts the separator to the first text.
      ids += template.separator + second
      types += Array(repeating: 0, count: template.separator.count) + Array(repeating: 1, count: second.count)
    }
    ids += template.end
    types += Array(repeating: pair == nil ? 0 : 1, count: template.end.count)
    let padding = length - ids.count
    let positions =
      switch template.positions {
      case .fromZero: Array(0..<length)
      case .behindPadding:
        ids.indices.map { template.padding + 1 + $0 } + Array(repeating: template.padding, count: padding)
      }
    return EncodedText(
      ids: ids + Array(repeating: template.padding, count: padding),
      mask: Array(repeating: 1, count: ids.count) + Array(repeating: 0, count: padding),
      types: types + Array(repeating: 0, count: padding), positions: positions)
  }

  /// The strategy `longest_first`.
  private static func truncatedCounts(_ first: Int, _ second: Int, room: Int, isPair: Bool) -> (Int, Int) {
    guard isPair else { return (min(first, room), 0) }
    guard first + second > room else { return (first, second) }
    let short = min(first, second)
    var counts = (short: short, long: short > room ? short : max(short, room - short))
    if counts.short + counts.long > room {
      counts.short = room / 2
      counts.long = counts.short + room % 2
    }
    return first > second ? (counts.long, counts.short) : (counts.short, counts.long)
  }
}

/// Tokens and their numbers; texts are told apart byte by byte, not by Unicode's equivalence.
struct Vocabulary: Sendable {
  private let numbers: [[UInt8]: Int]
  let source: String

  init(_ numbers: [[UInt8]: Int], source: String) {
    self.numbers = numbers
    self.source = source
  }

  subscript(token: some Sequence<UInt8>) -> Int? { numbers[Array(token)] }

  /// The number of a token that the model cannot do without.
  func required(_ token: String) throws(BenchError) -> Int {
    guard let number = self[token.utf8] else {
      throw .malformed(file: source, what: "a vocabulary without the special token \(token)")
    }
    return number
  }

  /// Reads a text file.
  static func text(of file: URL) throws(BenchError) -> String {
    String(decoding: try InputFile.read(file), as: UTF8.self)
  }
}
