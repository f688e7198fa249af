import Bench
import Engine
import Graph
import Testing

struct SyntheticInputsTests {
  /// An encoder's inputs: ids that index a table of 50 rows through a cast, types, and a mask, of a length left open.
  private func encoder() -> Graph {
    var graph = Graph()
    let shape = Shape([.symbol("batch"), .symbol("length")])
    let ids = graph.addInput(name: "input_ids", type: .tensor(.int32, shape))
    _ = graph.addInput(name: "attention_mask", type: .tensor(.int64, shape))
    _ = graph.addInput(name: "token_type_ids", type: .tensor(.int64, shape))
    let table = graph.addConstant(name: "table", Tensor(shape: [50, 2], [Float](repeating: 0, count: 100)))
    let cast = graph.append(OperatorID("Cast", version: 13), inputs: [ids], output: "cast")
    graph.addOutput(graph.append(OperatorID("Gather", version: 13), inputs: [table, cast], output: "rows"))
    return graph
  }

  private func integers(_ values: [String: RuntimeValue], _ name: String) -> [Int] {
    values[name]?.tensor?.integers ?? []
  }

  @Test func tokensLieWithinTheVocabulary() throws {
    let values = try SyntheticInputs().inputs(for: encoder())
    let ids = integers(values, "input_ids")
    #expect(values["input_ids"]?.tensor?.shape == [1, 128])
    #expect(ids.allSatisfy((0..<50).contains) && Set(ids).count > 20)
    #expect(integers(values, "attention_mask").allSatisfy { $0 == 1 })
    #expect(integers(values, "token_type_ids").allSatisfy { $0 == 0 })
  }

  @Test func equalSymbolsGetEqualSizes() throws {
    let values = try SyntheticInputs(shapes: ["attention_mask": [2, 7]]).inputs(for: encoder())
    #expect(values.values.allSatisfy { $0.tensor?.shape == [2, 7] })
  }

  @Test func givenInputsStay() throws {
    let given = RuntimeValue.tensor(Tensor(shape: [3, 5], [Int64](repeating: 1, count: 15)))
    let values = try SyntheticInputs().inputs(for: encoder(), given: ["attention_mask": given])
    #expect(values["input_ids"]?.tensor?.shape == [3, 5])
  }

  @Test func imagesAreNormalNumbers() throws {
    var graph = Graph()
    _ = graph.addInput(name: "x", type: .tensor(.float32, Shape([.symbol("n"), .unknown, .unknown, .unknown])))
    let (first, again) = (try SyntheticInputs().inputs(for: graph), try SyntheticInputs().inputs(for: graph))
    let elements = try #require(first["x"]?.tensor?.elements(Float.self))
    #expect(first["x"]?.tensor?.shape == [1, 3, 224, 224])
    #expect(elements == again["x"]?.tensor?.elements(Float.self))
    #expect(elements != (try SyntheticInputs(seed: 2).inputs(for: graph))["x"]?.tensor?.elements(Float.self))
    let mean = elements.reduce(0) { $0 + Double($1) } / Double(elements.count)
    let variance = elements.reduce(0) { $0 + Double($1 * $1) } / Double(elements.count) - mean * mean
    // Five standard errors of 150,528 numbers.
    #expect(abs(mean) < 0.013 && abs(variance - 1) < 0.019)
  }

  @Test func positionsCountUp() throws {
    var graph = Graph()
    _ = graph.addInput(name: "position_ids", type: .tensor(.int32, [2, 3]))
    #expect(integers(try SyntheticInputs().inputs(for: graph), "position_ids") == [0, 1, 2, 0, 1, 2])
  }

  /// Refused before any memory is taken: one input of more than half of the machine's, two of more together, and sizes
  /// whose product overflows.
  @Test func inputsBeyondTheMemoryAreErrors() {
    let half = ProcessMemory.limit / 2
    for shapes in [
      ["x": [1, half / 4 + 1]], ["x": [half / 8, 1], "y": [half / 8 + 2, 1]], ["x": [1 << 62, 1 << 62]],
    ] {
      var graph = Graph()
      for name in shapes.keys.sorted() {
        _ = graph.addInput(name: name, type: .tensor(.float32, Shape([.unknown, .unknown])))
      }
      let last = shapes.keys.max() ?? ""
      let sizes = shapes[last, default: []].map(String.init).joined(separator: "x")
      #expect(
        throws: BenchError.unusable(
          argument: "input '\(last)'",
          reason: "float[\(sizes)] is too large for this machine, whose inputs may take \(half >> 20) MB together; "
            + "give smaller sizes by --shape \(last)=…")
      ) {
        try SyntheticInputs(shapes: shapes).inputs(for: graph)
      }
    }
  }

  @Test func saysWhatDoesNotFit() {
    #expect(
      throws: BenchError.unusable(
        argument: "input 'z'", reason: "the model has no such input; it takes input_ids, attention_mask, token_type_ids"
      )
    ) {
      try SyntheticInputs(shapes: ["z": [1]]).inputs(for: encoder())
    }
    #expect(throws: BenchError.unusable(argument: "shape 7", reason: "input 'input_ids' takes batchxlength")) {
      try SyntheticInputs(shapes: ["input_ids": [7]]).inputs(for: encoder())
    }
    var graph = Graph()
    _ = graph.addInput(name: "x", type: .tensor(.float32, nil))
    #expect(
      throws: BenchError.unusable(
        argument: "input 'x'", reason: "the model does not declare its rank; give --shape x=…")
    ) {
      try SyntheticInputs().sizes(of: graph)
    }
  }
}
