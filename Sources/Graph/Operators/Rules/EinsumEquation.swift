/// An equation of `Einsum`, resolved against the ranks of its operands.
///
/// `bij, bjk -> bik` names the axes of each operand; axes whose name is not in the result are summed over. An ellipsis stands for
/// the axes that an operand has beyond its names, aligned at their end among operands. ONNX, "Einsum".
public struct EinsumEquation: Equatable, Sendable {
  /// For each operand the label of each axis.
  public let operands: [[Int]]
  /// The label of each axis of the result.
  public let output: [Int]
  /// Labels are 0 ..< labelCount.
  public let labelCount: Int

  /// Why an equation cannot be resolved.
  public struct Malformed: Error, Equatable {
    /// What is wrong.
    public let reason: String
  }

  /// Resolves an equation.
  public init(_ equation: String, ranks: [Int]) throws(Malformed) {
    let text = equation.filter { !$0.isWhitespace }
    let sides = text.split(separator: "->", maxSplits: 1, omittingEmptySubsequences: false)
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == ranks.count else {
      throw Malformed(reason: "\(ranks.count) operands, but \(terms.count) terms")
    }
    var counts: [Character: Int] = [:]
    var broadcastRank = 0
    var parsed: [Term] = []
    for (term, rank) in zip(terms, ranks) {
      let term = try Term(term)
      let spare = rank - term.before.count - term.after.count
      guard term.hasEllipsis ? spare >= 0 : spare == 0 else {
        throw Malformed(
          reason: "a term of \(term.before.count + term.after.count) names for an operand of rank \(rank)")
      }
      if term.hasEllipsis { broadcastRank = max(broadcastRank, spare) }
      for name in term.before + term.after { counts[name, default: 0] += 1 }
      parsed.append(term)
    }
    let names = counts.keys.sorted()
    let label = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0 + broadcastRank) })
    func labels(_ term: Term, spare: Int) throws(Malformed) -> [Int] {
      var all: [Int] = []
      for name in term.before + term.after {
        guard let one = label[name] else { throw Malformed(reason: "the result names '\(name)', which no operand has") }
        all.append(one)
      }
      all.insert(contentsOf: (broadcastRank - spare)..<broadcastRank, at: term.before.count)
      return all
    }
    var operands: [[Int]] = []
    for (term, rank) in zip(parsed, ranks) {
      operands.append(try labels(term, spare: term.hasEllipsis ? rank - term.before.count - term.after.count : 0))
    }
    self.operands = operands
    labelCount = broadcastRank + names.count
    if sides.count == 2 {
      let term = try Term(sides[1])
      output = try labels(term, spare: term.hasEllipsis ? broadcastRank : 0)
      guard Set(output).count == output.count else { throw Malformed(reason: "the result names an axis twice") }
    } else {
      output = Array(0..<broadcastRank) + names.filter { counts[$0] == 1 }.compactMap { label[$0] }
    }
  }

  private struct Term {
    var before: [Character]
    var after: [Character] = []
    var hasEllipsis = false

    init(_ text: Substring) throws(Malformed) {
      before = Array(text)
      if let dot = before.firstIndex(of: ".") {
        guard before.count >= dot + 3, before[dot..<(dot + 3)].allSatisfy({ $0 == "." }) else {
          throw Malformed(reason: "an ellipsis is three dots")
        }
        hasEllipsis = true
        after = Array(before[(dot + 3)...])
        before = Array(before[..<dot])
      }
      guard (before + after).allSatisfy({ $0.isASCII && $0.isLetter }) else {
        throw Malformed(reason: "axes are named by letters: '\(text)'")
      }
    }
  }
}
