import Bench
import Foundation
import Testing

struct TokenizerTests {
  struct Case: Decodable {
    struct Tokens: Decodable {
      let ids: [Int]
      let types: [Int]
    }
    let text: String
    let pair: String?
    let length: Int
    let bert: Tokens
    let roberta: Tokens
  }

  private func check(_ tokenizer: some Tokenizer, padding: Int, _ expected: (Case) -> Case.Tokens) throws {
    let cases: [Case] = try Fixtures.json("tokens.json")
    #expect(cases.count == 46)
    for test in cases {
      let encoded = try tokenizer.encode(test.text, pair: test.pair, length: test.length)
      let (tokens, real) = (expected(test), expected(test).ids.count)
      #expect(Array(encoded.ids.prefix(real)) == tokens.ids, "\(test.text.debugDescription)")
      #expect(encoded.ids.dropFirst(real).allSatisfy { $0 == padding })
      #expect(encoded.ids.count == test.length)
      #expect(encoded.mask == (0..<test.length).map { $0 < real ? 1 : 0 })
      #expect(encoded.types.count == test.length && encoded.types.dropFirst(real).allSatisfy { $0 == 0 })
      if tokenizer is WordPieceTokenizer { #expect(Array(encoded.types.prefix(real)) == tokens.types) }
    }
  }

  @Test func wordPiecesEqualTransformers() throws {
    try check(WordPieceTokenizer(vocabulary: Fixtures.model("vocabulary/bert/vocab.txt")), padding: 0, \.bert)
  }

  @Test func bytePairsEqualTransformers() throws {
    let tokenizer = try BytePairTokenizer(
      vocabulary: Fixtures.model("vocabulary/roberta/vocab.json"),
      merges: Fixtures.model("vocabulary/roberta/merges.txt"))
    try check(tokenizer, padding: 1, \.roberta)
  }

  /// A word of many letters takes no time to speak of.
  @Test func splitsLongWords() throws {
    let tokenizer = try BytePairTokenizer(
      vocabulary: Fixtures.model("vocabulary/roberta/vocab.json"),
      merges: Fixtures.model("vocabulary/roberta/merges.txt"))
    let word = String(repeating: "theengineread", count: 2000)
    #expect(tokenizer.tokenize(word).count < word.utf8.count)
  }

  @Test func saysWhatAVocabularyLacks() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "vocab.txt")
      try Data("[PAD]\n[UNK]\n[CLS]\nword\n".utf8).write(to: file)
      #expect(throws: BenchError.malformed(file: file.path, what: "a vocabulary without the special token [SEP]")) {
        try WordPieceTokenizer(vocabulary: file)
      }
    }
  }

  @Test func sequencesMustHoldTheSpecialTokens() throws {
    let tokenizer = try WordPieceTokenizer(vocabulary: Fixtures.model("vocabulary/bert/vocab.txt"))
    #expect(
      throws: BenchError.unusable(
        argument: "a sequence of 2 tokens", reason: "the special tokens alone take 3")
    ) {
      try tokenizer.encode("a", pair: "b", length: 2)
    }
    #expect(try tokenizer.encode("a", pair: "b", length: 3).ids == [2, 3, 3])
  }
}
