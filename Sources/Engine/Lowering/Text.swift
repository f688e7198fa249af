import Foundation
import Graph

extension Lowering {
  /// Functions of text.
  static let text: [Lowering] = [
    Lowering("StringNormalizer", evaluate: normalize),
    Lowering("StringConcat") { node throws(GraphError) in
      let (a, b) = (try node.tensor(0), try node.tensor(1))
      let shape = try node.broadcastShape([a.shape, b.shape])
      try node.checkedCount(shape, of: .uint8)
      let (x, y) = (a.strings ?? [], b.strings ?? [])
      let result = try String.make(.string, shape) { output throws(GraphError) in
        combine(x.span, y.span, shapes: (a.shape, b.shape), to: shape, &output) { $0 + $1 }
      }
      return [.tensor(result)]
    },
    Lowering("StringSplit", evaluate: split),
    Lowering("RegexFullMatch") { node throws(GraphError) in
      let input = try node.tensor(0)
      let pattern = try node.context.string("pattern")
      guard let regex = try? Regex(pattern) else {
        throw .invalidAttribute(
          node: node.context.name, attribute: "pattern", expected: "a regular expression", found: pattern)
      }
      // As RE2, whose syntax ONNX demands: classes are of ASCII, words end where word characters do.
      let plain = regex.matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple).asciiOnlyCharacterClasses()
      let matches = (input.strings ?? []).map { Bool8((try? plain.wholeMatch(in: $0)) != nil) }
      return [.tensor(Tensor(shape: input.shape, matches))]
    },
    Lowering("TfIdfVectorizer", evaluate: NGrams.evaluate),
  ]

  private static func normalize(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let isCaseSensitive = try node.context.bool("is_case_sensitive", default: false)
    let stopwords = try node.context.strings("stopwords") ?? []
    let stops = Set(isCaseSensitive ? stopwords : stopwords.map { $0.lowercased() })
    var words = (input.strings ?? []).filter { !stops.contains(isCaseSensitive ? $0 : $0.lowercased()) }
    switch try node.context.string("case_change_action", default: "NONE") {
    case "LOWER": words = words.map { $0.lowercased() }
    case "UPPER": words = words.map { $0.uppercased() }
    case "NONE": break
    case let other:
      throw .invalidAttribute(
        node: node.context.name, attribute: "case_change_action", expected: "LOWER, UPPER or NONE", found: other)
    }
    if words.isEmpty { words = [""] }
    return [.tensor(Tensor(shape: input.shape.dropLast() + [words.count], strings: words))]
  }

  private static func split(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let delimiter = try node.context.string("delimiter", default: "")
    let limit = try node.context.hasAttribute("maxsplit") ? node.context.int("maxsplit") : .max
    let parts = (input.strings ?? []).map { text in
      delimiter.isEmpty ? text.words(limit: limit) : text.parts(by: delimiter, limit: limit)
    }
    let width = parts.map(\.count).max() ?? 0
    try node.checkedCount(input.shape + [width], of: .uint8)
    let padded = parts.flatMap { $0 + [String](repeating: "", count: width - $0.count) }
    return [
      .tensor(Tensor(shape: input.shape + [width], strings: padded)),
      .tensor(Tensor(shape: input.shape, parts.map { Int64($0.count) })),
    ]
  }
}

extension String {
  /// What stands between white space; after as many splits as allowed, all of the rest.
  fileprivate func words(limit: Int) -> [String] {
    var (words, rest) = ([String](), self[...].drop(while: \.isWhitespace))
    while !rest.isEmpty {
      guard words.count < limit, let end = rest.firstIndex(where: \.isWhitespace) else { return words + [String(rest)] }
      words.append(String(rest[..<end]))
      rest = rest[end...].drop(while: \.isWhitespace)
    }
    return words
  }

  /// What stands between delimiters; after as many splits as allowed, all of the rest.
  fileprivate func parts(by delimiter: String, limit: Int) -> [String] {
    var (parts, rest) = ([String](), self[...])
    while parts.count < limit, let found = rest.range(of: delimiter) {
      parts.append(String(rest[..<found.lowerBound]))
      rest = rest[found.upperBound...]
    }
    return parts + [String(rest)]
  }
}

/// Counts the n-grams of a vocabulary in rows of tokens, weighted.
enum NGrams {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let counts: [[Float]]
    let length = input.shape.last ?? 1
    let rows = length == 0 ? input.shape.dropLast().reduce(1, *) : input.count / length
    if let strings = input.strings {
      let pool = try node.context.strings("pool_strings") ?? []
      counts = try Counter(node, pool: pool).counts(strings, rows: rows, length: length)
    } else {
      let pool = try node.context.ints("pool_int64s") ?? []
      counts = try Counter(node, pool: pool).counts(input.integers ?? [], rows: rows, length: length)
    }
    return [.tensor(Tensor(shape: try node.outputShape(), try weighted(counts.flatMap { $0 }, node)))]
  }

  private static func weighted(_ counts: [Float], _ node: Evaluation) throws(GraphError) -> [Float] {
    let weights = try node.context.floats("weights")
    let width = try (node.context.ints("ngram_indexes")?.max() ?? 0) + 1
    // Weights belong to n-grams; each n-gram has its place in the output.
    var byPlace = [Float](repeating: 1, count: width)
    for (place, weight) in zip(try node.context.ints("ngram_indexes") ?? [], weights ?? []) { byPlace[place] = weight }
    switch try node.context.string("mode") {
    case "TF": return counts
    case "IDF": return counts.enumerated().map { $1 > 0 ? byPlace[$0 % width] : 0 }
    case "TFIDF": return counts.enumerated().map { $1 * byPlace[$0 % width] }
    case let other:
      throw .invalidAttribute(node: node.context.name, attribute: "mode", expected: "TF, IDF or TFIDF", found: other)
    }
  }

  private struct Counter<Token: Hashable> {
    let places: [[Token]: Int]
    let lengths: ClosedRange<Int>
    let skips: Int
    let width: Int

    init(_ node: Evaluation, pool: [Token]) throws(GraphError) {
      let (least, greatest) = (try node.context.int("min_gram_length"), try node.context.int("max_gram_length"))
      skips = try node.context.int("max_skip_count")
      let starts = try node.context.ints("ngram_counts") ?? []
      let indexes = try node.context.ints("ngram_indexes") ?? []
      guard least >= 1, greatest >= least, skips >= 0, starts == starts.sorted(),
        starts.allSatisfy({ (0...pool.count).contains($0) })
      else {
        throw .invalidAttribute(
          node: node.context.name, attribute: "ngram_counts", expected: "ascending places in the pool",
          found: "\(starts)")
      }
      lengths = least...greatest
      width = (indexes.max() ?? 0) + 1
      var (found, number) = ([[Token]: Int](), 0)
      for (place, start) in starts.enumerated() {
        let end = place + 1 < starts.count ? starts[place + 1] : pool.count
        for gram in stride(from: start, to: end - place, by: place + 1) where number < indexes.count {
          found[Array(pool[gram...gram + place])] = indexes[number]
          number += 1
        }
      }
      places = found
    }

    func counts(_ tokens: [Token], rows: Int, length: Int) -> [[Float]] {
      (0..<rows).map { row in
        var counts = [Float](repeating: 0, count: width)
        for distance in 1...(min(skips, length) + 1) {
          // Single tokens have no distance: they count once.
          for size in lengths where size > 1 || distance == 1 {
            guard (size - 1) <= length / distance else { break }
            for start in 0..<max(0, length - (size - 1) * distance) {
              let gram = (0..<size).map { tokens[row * length + start + $0 * distance] }
              if let place = places[gram] { counts[place] += 1 }
            }
          }
        }
        return counts
      }
    }
  }
}
