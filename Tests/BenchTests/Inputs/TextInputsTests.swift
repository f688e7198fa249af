import Bench
import Engine
import Graph
import Testing

/// Which part of an encoded text each input of an encoder gets.
struct TextInputsTests {
  /// An encoder's inputs, [1 x 8], each read by a table of 50 rows if it is said to be.
  private func inputs(_ names: [String], tables: Set<String> = []) -> ModelInputs {
    var graph = Graph()
    for name in names {
      let input = graph.addInput(name: name, type: .tensor(.int64, [1, 8]))
      guard tables.contains(name) else { continue }
      let table = graph.addConstant(name: "\(name).table", Tensor(shape: [50, 1], [Float](repeating: 0, count: 50)))
      graph.addOutput(
        graph.append(OperatorID("Gather", version: 13), inputs: [table, input], output: "\(name).rows"))
    }
    return ModelInputs(for: Model(graph: graph), reference: .file("encoder.onnx"))
  }

  private let bert = Result { try WordPieceTokenizer(vocabulary: Fixtures.model("vocabulary/bert/vocab.txt")) }

  private func unclear(_ name: String) -> BenchError {
    .unusable(
      argument: "--text",
      reason: "what input '\(name)' takes of a text cannot be told from its name and its readers; "
        + "give it by --input \(name)=FILE")
  }

  /// Positions are not tokens.
  @Test(arguments: [
    ["input_ids", "attention_mask", "token_type_ids", "position_ids"], ["ids", "mask", "types", "positions"],
  ])
  func eachInputGetsItsPart(names: [String]) throws {
    let values = try inputs(names).text("the text", pair: "a", tokenizer: bert.get())
    let found = names.map { values[$0]?.tensor?.integers ?? [] }
    let encoded = try bert.get().encode("the text", pair: "a", length: 8)
    #expect(found == [encoded.ids, encoded.mask, encoded.types, [0, 1, 2, 3, 4, 5, 6, 7]])
  }

  @Test func positionsOfRoBERTaCountFromBehindThePadding() throws {
    let tokenizer = try BytePairTokenizer(
      vocabulary: Fixtures.model("vocabulary/roberta/vocab.json"),
      merges: Fixtures.model("vocabulary/roberta/merges.txt"))
    let values = try inputs(["input_ids", "position_ids"]).text("Hello", pair: nil, tokenizer: tokenizer)
    let ids = values["input_ids"]?.tensor?.integers ?? []
    // transformers' create_position_ids_from_input_ids: the running count of tokens other than padding, plus padding's 1.
    var count = 0
    let expected = ids.map { id in
      guard id != 1 else { return 1 }
      count += 1
      return count + 1
    }
    #expect(values["position_ids"]?.tensor?.integers == expected)
    #expect(expected.first == 2 && expected.last == 1)
  }

  @Test func aTableTellsWhichInputTakesTokens() throws {
    let values = try inputs(["x", "mask"], tables: ["x"]).text("the text", pair: nil, tokenizer: bert.get())
    #expect(try values["x"]?.tensor?.integers == bert.get().encode("the text", length: 8).ids)
  }

  @Test(arguments: [["input_ids", "lengths"], ["input_ids", "lengths", "attention_mask"]])
  func anInputOfUnknownUseIsNamed(names: [String]) throws {
    let inputs = inputs(names)
    #expect(!inputs.takesText)
    #expect(throws: unclear("lengths")) { try inputs.text("a", pair: nil, tokenizer: bert.get()) }
    let given = RuntimeValue.tensor(Tensor(shape: [1, 8], [Int64](repeating: 3, count: 8)))
    let values = try inputs.text("a", pair: nil, tokenizer: bert.get(), given: ["lengths": given])
    #expect(values["lengths"]?.tensor?.integers == [3, 3, 3, 3, 3, 3, 3, 3])
    #expect(values["input_ids"]?.tensor?.integers == (try bert.get().encode("a", length: 8).ids))
  }

  /// Two inputs that look up tables: only the usual name tells which takes the text.
  @Test func aSecondTakerOfTokensIsRefused() throws {
    #expect(throws: unclear("decoder_ids")) {
      try inputs(["input_ids", "decoder_ids"], tables: ["input_ids", "decoder_ids"])
        .text("a", pair: nil, tokenizer: bert.get())
    }
    #expect(throws: unclear("x")) {
      try inputs(["x", "y"], tables: ["x", "y"]).text("a", pair: nil, tokenizer: bert.get())
    }
  }

  @Test func inputsOfOtherShapesAreNamed() throws {
    var graph = Graph()
    _ = graph.addInput(name: "input_ids", type: .tensor(.int64, [1, 8]))
    _ = graph.addInput(name: "x", type: .tensor(.float32, [1, 3]))
    let inputs = ModelInputs(for: Model(graph: graph), reference: .file("encoder.onnx"))
    #expect(
      throws: BenchError.unusable(
        argument: "--text", reason: "input 'x' does not take tokens, [batch x length]; give it by --input x=FILE")
    ) {
      try inputs.text("a", pair: nil, tokenizer: bert.get())
    }
  }
}
