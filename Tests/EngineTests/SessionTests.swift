import Engine
import Graph
import Synchronization
import TestSupport
import Testing

/// A small graph built by hand.
private struct SmallGraph {
  var graph = Graph(name: "small")

  mutating func input(_ name: String, _ shape: Shape, _ type: DataType = .float32) -> ValueID {
    graph.addInput(name: name, type: .tensor(type, shape))
  }

  mutating func node(
    _ op: String, version: Int = 13, _ inputs: [ValueID?], attributes: [String: Attribute] = [:], output: String
  ) -> ValueID {
    graph.append(OperatorID(op, version: version), name: output, inputs: inputs, attributes: attributes, output: output)
  }

  func compiled(returning outputs: ValueID...) throws -> CompiledModel {
    var graph = graph
    for output in outputs { graph.addOutput(output) }
    return try CompiledModel(Model(graph: graph, source: "small"))
  }
}

struct SessionTests {
  private static func ramp(_ shape: [Int], from start: Float = 0) -> Tensor {
    Tensor(shape: shape, (0..<shape.reduce(1, *)).map { start + Float($0 % 13) / 8 })
  }

  /// In x + f(x) the result may not overwrite x, which f still reads.
  @Test(arguments: [true, false])
  func aResidualThatIsAlsoTheInputIsNotOverwritten(convolution: Bool) throws {
    var small = SmallGraph()
    let shape = convolution ? [1, 8, 12, 12] : [48, 48]
    let input = small.input("input", Shape(shape))
    let x = small.node("Abs", [input], output: "x")
    let weights = small.graph.addConstant(name: "w", Self.ramp(convolution ? [8, 8, 3, 3] : [48, 48], from: -0.7))
    let f =
      convolution
      ? small.node("Conv", version: 11, [x, weights], attributes: ["pads": .ints([1, 1, 1, 1])], output: "f")
      : small.node("MatMul", [x, weights], output: "f")
    let sum = small.node("Add", [f, x], output: "y")
    let compiled = try small.compiled(returning: sum)
    let inputs = ["input": Self.ramp(shape, from: -0.8)]
    let fused = try Session(compiled)
    #expect(try fused.plan().operations.contains(convolution ? "FusedConv" : "FusedMatMul"))
    let found = try #require(try fused.run(inputs)["y"]?.elements(Float.self))
    let plain = SessionOptions(plan: PlanOptions(optimize: false))
    let expected = try #require(try Session(compiled, options: plain).run(inputs)["y"]?.elements(Float.self))
    // Sums of 72 products below 2: their order changes the last bits only.
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 })
  }

  @Test func textConstantsSurviveARun() throws {
    var small = SmallGraph()
    let input = small.input("x", [2], .string)
    let suffix = small.graph.addConstant(name: "suffix", Tensor(shape: [1], strings: ["!"]))
    let joined = small.node("StringConcat", version: 20, [input, suffix], output: "y")
    let session = try Session(small.compiled(returning: joined))
    for _ in 0..<3 {
      let found = try session.run(["x": Tensor(shape: [2], strings: ["a", "b"])])
      #expect(found["y"]?.strings == ["a!", "b!"])
    }
  }

  /// Threads share a session and its plans; every one gets the results of its own inputs.
  @Test(arguments: [1, 2])
  func threadsMayShareASession(threads: Int) async throws {
    let session = try Session(
      CompiledModel(contentsOf: Fixture.model("bert_sdpa_opset17")), options: SessionOptions(threads: threads))
    let graph = session.compiled.model.graph
    func inputs(_ seed: Int) -> [String: Tensor] {
      Dictionary(
        uniqueKeysWithValues: graph.inputs.map { id in
          let sizes = graph[id].type?.shape?.dimensions.map { $0.size ?? 3 } ?? []
          let ids = (0..<sizes.reduce(1, *)).map { Int64(($0 * 7 + seed) % 2) }
          return (graph[id].name, Tensor(shape: sizes, ids))
        })
    }
    func outputs(_ seed: Int) throws -> [[Float]] {
      let found = try session.run(inputs(seed))
      return graph.outputNames.map { found[$0]?.elements(Float.self) ?? [] }
    }
    let expected = try (0..<8).map { try outputs($0) }
    #expect(expected[0].contains { !$0.isEmpty } && expected[0] != expected[1])
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<20 where try outputs((task + round) % 8) != expected[(task + round) % 8] { return false }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test func moreShapesThanPlansAreKept() throws {
    var small = SmallGraph()
    let input = small.input("x", Shape([.symbol("n")]))
    let negated = small.node("Neg", [input], output: "y")
    let session = try Session(small.compiled(returning: negated))
    for size in Array(1...12) + Array(1...12) {
      let found = try session.run(["x": Self.ramp([size], from: 1)])
      #expect(found["y"]?.elements(Float.self)?.count == size)
    }
  }

  /// Weights made anew for each size belong to its plan; those of the model are packed once.
  @Test func weightsOfOneSizeAreNotKept() throws {
    var small = SmallGraph()
    let x = small.input("x", Shape([.symbol("n"), .known(4)]))
    let weights = small.graph.addConstant(name: "w", Self.ramp([4, 3]))
    let column = small.graph.addConstant(name: "column", Self.ramp([4, 1]))
    let four = small.graph.addConstant(name: "four", Tensor(shape: [1], [Int64(4)]))
    let n = small.node("Shape", version: 15, [x], attributes: ["end": .int(1)], output: "n")
    let size = small.node("Concat", [four, n], attributes: ["axis": .int(0)], output: "size")
    let wide = small.node("Expand", [column, size], output: "wide")
    let y = small.node("MatMul", [x, weights], output: "y")
    let z = small.node("MatMul", [x, wide], output: "z")
    let compiled = try small.compiled(returning: y, z)
    let session = try Session(compiled)
    for n in 2...12 { #expect(try session.run(["x": Self.ramp([n, 4])])["z"]?.shape == [n, n]) }
    #expect(compiled.weights.count == 1)
  }

  /// A file holds constants wherever they come to lie: rows are gathered from there, and what must be moved is moved once.
  @Test func constantsAtOddAddressesAreCopiedOnceIfAtAll() throws {
    var small = SmallGraph()
    let table = Tensor(atOddAddress: [6, 3], (0..<18).map(Float.init))
    let bias = Tensor(atOddAddress: [3], [0.5, 0.25, 0.125])
    let ids = small.input("ids", Shape([.symbol("n")]), .int64)
    let rows = small.node(
      "Gather", [small.graph.addConstant(name: "table", table), ids], output: "rows")
    let y = small.node("Add", [rows, small.graph.addConstant(name: "bias", bias)], output: "y")
    let session = try Session(small.compiled(returning: y))
    var storages: Set<ObjectIdentifier> = []
    for n in 1...3 {
      let found = try session.run(["ids": Tensor(shape: [n], (0..<Int64(n)).map { 5 - $0 })])["y"]
      let expected = (0..<n).flatMap { i in [0.5, 1.25, 2.125].map { Float(3 * (5 - i)) + $0 } }
      #expect(found?.elements(Float.self) == expected)
      for constant in try session.plan(forShapes: ["ids": [n]]).constants {
        if case .bytes(let storage) = constant.contents { storages.insert(ObjectIdentifier(storage)) }
      }
    }
    let original: TensorStorage? = if case .bytes(let storage) = table.contents { storage } else { nil }
    #expect(storages.contains(ObjectIdentifier(try #require(original))) && storages.count == 2)
  }

  @Test func idleThingsAreKeptWhileThereIsRoom() {
    let pool = IdlePool<Int>(capacity: 2)
    #expect(pool.take() == nil)
    for i in 0..<5 { pool.giveBack(i) }
    #expect([pool.take(), pool.take(), pool.take()] == [1, 0, nil])
  }

  @Test func runGivesTensorsOnly() throws {
    var small = SmallGraph()
    let x = small.input("x", [2, 3])
    let parts = small.node("SplitToSequence", version: 11, [x], output: "parts")
    let session = try Session(small.compiled(returning: parts))
    let inputs = ["x": Self.ramp([2, 3])]
    #expect(
      throws: EngineError.outputMismatch(
        model: "small", output: "parts", expected: "a tensor, as `run` gives",
        found: "sequence(float), as `runValues` gives")
    ) { try session.run(inputs) }
    let values = try session.runValues(inputs.mapValues(RuntimeValue.tensor))
    guard case .sequence(let tensors, of: .float32)? = values["parts"] else {
      Issue.record("found \(values)")
      return
    }
    #expect(tensors.count == 2)
  }

  @Test(arguments: [Int.min, 0, 1025, Int.max])
  func numbersOfThreadsAreBounded(threads: Int) throws {
    var small = SmallGraph()
    let input = small.input("x", [2])
    let negated = small.node("Neg", [input], output: "y")
    let compiled = try small.compiled(returning: negated)
    #expect(throws: EngineError.invalidOption(option: "threads", expected: "1 to 1024", found: "\(threads)")) {
      try Session(compiled, options: SessionOptions(threads: threads))
    }
  }

  @Test func shapesOfPlansAreChecked() throws {
    var small = SmallGraph()
    let input = small.input("x", [2, 3])
    let negated = small.node("Neg", [input], output: "y")
    let session = try Session(small.compiled(returning: negated))
    #expect(throws: EngineError.unknownInput(model: "small", input: "z", known: ["x"])) {
      try session.plan(forShapes: ["z": [2]])
    }
    #expect(
      throws: EngineError.inputMismatch(model: "small", input: "x", expected: "float[2x3]", found: "float[3x2]")
    ) { try session.plan(forShapes: ["x": [3, 2]]) }
  }

  @Test func aLoopWithoutEndIsRefused() throws {
    func loop(limit: Tensor?, condition: Tensor?, given: Bool) throws -> CompiledModel {
      var body = Graph(name: "body")
      _ = body.addInput(name: "i", type: .tensor(.int64, []))
      let on = body.addInput(name: "on", type: .tensor(.bool, []))
      let state = body.addInput(name: "state", type: .tensor(.float32, []))
      body.addOutput(
        given
          ? body.append(OperatorID("Identity", version: 13), inputs: [on], output: "goes_on")
          : body.addConstant(name: "always", Tensor(scalar: Bool8(true))))
      body.addOutput(body.append(OperatorID("Neg", version: 13), inputs: [state], output: "next"))
      var small = SmallGraph()
      let x = small.input("x", [])
      let inputs = [
        limit.map { small.graph.addConstant(name: "limit", $0) },
        condition.map { small.graph.addConstant(name: "condition", $0) }, x,
      ]
      let y = small.node(
        "Loop", version: 16, inputs, attributes: ["body": .graph(Subgraph(body: body, captured: []))], output: "y")
      return try small.compiled(returning: y)
    }
    let error = EngineError.model(
      source: "small",
      .invalidGraph(
        node: "y",
        what: "a loop that never ends: it has no trip count, and its condition is always true; give it either"))
    for given in [true, false] {
      #expect(throws: error) { try loop(limit: nil, condition: nil, given: given) }
      #expect(throws: error) { try loop(limit: nil, condition: Tensor(scalar: Bool8(true)), given: given) }
      #expect(throws: error) { try loop(limit: Tensor(scalar: Int64.max), condition: nil, given: given) }
    }
    let three = try Session(loop(limit: Tensor(scalar: Int64(3)), condition: nil, given: true))
    #expect(try three.run(["x": Tensor(scalar: Float(2))])["y"]?.elements(Float.self) == [-2])
  }
}

struct InferenceRequestTests {
  private static func session() throws -> Session {
    var small = SmallGraph()
    let input = small.input("x", Shape([.symbol("n"), .known(4)]))
    let shape = small.graph.addConstant(name: "shape", Tensor(shape: [1], [Int64(-1)]))
    let relu = small.node("Relu", [input], output: "relu")
    let view = small.node("Reshape", [input, shape], output: "view")
    return try Session(small.compiled(returning: relu, view))
  }

  @Test func runsAgainOnTheSameMemory() throws {
    let request = try InferenceRequest(Self.session(), shapes: ["x": [2, 4]])
    for run in 0..<3 {
      try request.withInput("x") { (x: inout MutableSpan<Float>) in
        for i in x.indices { x[i] = Float(i - 4 + run) }
      }
      try request.run()
      let expected = (0..<8).map { Float($0 - 4 + run) }
      let copy = try request.output("view").tensor
      #expect(
        try request.withOutput("relu") { (y: Span<Float>) in y.indices.map { y[$0] } } == expected.map { max($0, 0) })
      #expect(try request.withOutput("view") { (y: Span<Float>) in y.indices.map { y[$0] } } == expected)
      try request.setInput("x", to: Tensor(shape: [2, 4], [Float](repeating: 9, count: 8)))
      #expect(copy?.elements(Float.self) == expected)
    }
  }

  @Test func outputsNeedARunThatSucceeds() throws {
    var small = SmallGraph()
    let data = small.input("data", [2])
    let index = small.input("index", [1], .int64)
    let gathered = small.node("Gather", [data, index], output: "y")
    let request = try InferenceRequest(Session(small.compiled(returning: gathered)))
    func expectNone() {
      let none = EngineError.noResult(model: "small", output: "y")
      #expect(throws: none) { try request.output("y") }
      #expect(throws: none) { try request.withOutput("y") { (_: Span<Float>) in } }
    }
    expectNone()
    try request.setInput("data", to: Tensor(shape: [2], [3, 4] as [Float]))
    try request.run()
    #expect(try request.output("y").tensor?.elements(Float.self) == [3])
    try request.setInput("index", to: Tensor(shape: [1], [Int64(5)]))
    #expect(throws: EngineError.self) { try request.run() }
    expectNone()
    try request.setInput("index", to: Tensor(shape: [1], [Int64(1)]))
    try request.run()
    #expect(try request.withOutput("y") { (y: Span<Float>) in y[0] } == 4)
  }

  @Test func inputsThatNoMemoryHoldsAreRefused() throws {
    var small = SmallGraph()
    let x = small.input("x", [2])
    _ = small.input("unused", Shape([1 << 44]))
    let negated = small.node("Neg", [x], output: "y")
    let session = try Session(small.compiled(returning: negated))
    #expect(
      throws: EngineError.inputMismatch(
        model: "small", input: "unused", expected: "sizes for which this machine has the memory",
        found: "float[\(1 << 44)]")
    ) { try InferenceRequest(session) }
  }

  @Test func namesWhatDoesNotFit() throws {
    let session = try Self.session()
    #expect(
      throws: EngineError.inputMismatch(
        model: "small", input: "x", expected: "a tensor of known sizes", found: "float[nx4]")
    ) { try InferenceRequest(session) }
    let request = try InferenceRequest(session, shapes: ["x": [2, 4]])
    #expect(throws: EngineError.unknownInput(model: "small", input: "z", known: ["x"])) {
      try request.withInput("z") { (_: inout MutableSpan<Float>) in }
    }
    #expect(
      throws: EngineError.inputMismatch(
        model: "small", input: "x", expected: "float[2x4]", found: "elements of type int64")
    ) { try request.withInput("x") { (_: inout MutableSpan<Int64>) in } }
    #expect(
      throws: EngineError.inputMismatch(model: "small", input: "x", expected: "float[2x4]", found: "float[8]")
    ) { try request.setInput("x", to: Tensor(shape: [8], [Float](repeating: 0, count: 8))) }
    #expect(throws: EngineError.unknownOutput(model: "small", output: "z", known: ["relu", "view"])) {
      try request.output("z")
    }
    #expect(
      throws: EngineError.outputMismatch(
        model: "small", output: "relu", expected: "elements of type int64", found: "float[2x4]")
    ) { try request.withOutput("relu") { (_: Span<Int64>) in } }
  }
}

extension Tensor {
  /// A tensor whose elements lie at an address that is not a multiple of their size.
  fileprivate init(atOddAddress shape: [Int], _ elements: [Float]) {
    let memory = TensorStorage(byteCount: elements.count * 4 + 1) { bytes in
      elements.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyMemory(from: $0) }
    }
    let odd = UnsafeRawBufferPointer(start: memory.base + 1, count: elements.count * 4)
    self.init(dataType: .float32, shape: shape, storage: TensorStorage(borrowing: odd, from: memory))
  }
}
