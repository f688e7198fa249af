import Engine
import Graph
import Testing

/// Graphs within nodes.
struct SubgraphTests {
  /// A loop whose body doubles a number of no declared type and stacks it.
  private func loop(bodyInputs: Int) -> Model {
    var body = Graph(name: "body")
    let inputs = (0..<bodyInputs).map { body.addInput(name: "i\($0)", type: nil) }
    let condition = body.addValue(name: "goesOn")
    body.append(Node(OperatorID("Identity", version: 16), inputs: [inputs[1]], outputs: [condition]))
    let sum = body.addValue(name: "sum")
    body.append(Node(OperatorID("Add", version: 14), inputs: [inputs[2], inputs[2]], outputs: [sum]))
    for output in [condition, sum, sum] { body.addOutput(output) }

    var graph = Graph(name: "outer")
    let count = graph.addInput(name: "count", type: .tensor(.int64, nil))
    let start = graph.addInput(name: "start", type: .tensor(.int32, [1]))
    let results = ["last", "all"].map { graph.addValue(name: $0) }
    graph.append(
      Node(
        OperatorID("Loop", version: 16), name: "loop", inputs: [count, nil, start], outputs: results,
        attributes: ["body": .graph(Subgraph(body: body, captured: []))]))
    for result in results { graph.addOutput(result) }
    return Model(graph: graph, source: "loop.onnx")
  }

  private func run(_ model: Model, count: Int64) throws -> [String: RuntimeValue] {
    try Session(CompiledModel(model)).runValues([
      "count": .tensor(Tensor(scalar: count)), "start": .tensor(Tensor(shape: [1], [Int32(3)])),
    ])
  }

  @Test func loopStacks() throws {
    let found = try run(loop(bodyInputs: 3), count: 2)
    #expect(found["last"]?.tensor?.integers == [12])
    #expect(found["all"]?.tensor?.integers == [6, 12])
  }

  /// What a loop stacks has the type that inference finds, even if the loop never runs.
  @Test func loopThatNeverRunsHasTheInferredType() throws {
    #expect(try run(loop(bodyInputs: 3), count: 0)["all"]?.tensor?.dataType == .int32)
  }

  /// A number of iterations that is empty is not "without end".
  @Test func emptyCount() throws {
    let inputs = ["count": Tensor(shape: [0], [Int64]()), "start": Tensor(shape: [1], [Int32(3)])]
    #expect(throws: EngineError.self) {
      try Session(CompiledModel(loop(bodyInputs: 3))).runValues(inputs.mapValues(RuntimeValue.tensor))
    }
  }

  /// A body of more inputs than its node hands it.
  @Test func bodyOfTooManyInputs() throws {
    #expect(throws: EngineError.self) { try run(loop(bodyInputs: 4), count: 2) }
  }
}
