import Engine
import Graph
import TestSupport
import Testing

/// Graphs that look like attention or an activation and are not what the fused step computes.
struct RecognitionTests {
  private static func apply(
    _ graph: inout Graph, _ op: String, _ inputs: [ValueID], _ output: String, _ attributes: [String: Attribute] = [:]
  ) -> ValueID {
    graph.append(OperatorID(op, version: 13), name: output, inputs: inputs, attributes: attributes, output: output)
  }

  /// Runs a graph with passes and without; results may differ by rounding, relative to the largest.
  private static func expectEqual(
    _ graph: Graph, _ inputs: [String: Tensor], isFused: Bool, as operation: String,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let compiled = try CompiledModel(Model(graph: graph, source: "graph"))
    let session = try Session(compiled)
    let plain = try Session(compiled, options: SessionOptions(plan: PlanOptions(optimize: false)))
    let found = try #require(try session.run(inputs)["y"]?.elements(Float.self), sourceLocation: location)
    let expected = try #require(try plain.run(inputs)["y"]?.elements(Float.self), sourceLocation: location)
    let bound = 64 * Float.ulpOfOne * (expected.map(abs).max() ?? 0)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= bound }, sourceLocation: location)
    #expect(try session.plan().operations.contains(operation) == isFused, sourceLocation: location)
  }

  struct Attention: Sendable {
    let q: [Int]
    let k: [Int]
    let v: [Int]
    var factor: Float = 0.5
    var isFused = false
  }

  /// Heads and batches that are broadcast, and factors whose product is no number that a float holds.
  @Test(arguments: [
    Attention(q: [2, 4, 8, 16], k: [2, 4, 8, 16], v: [2, 4, 8, 16], isFused: true),
    Attention(q: [2, 4, 5, 16], k: [2, 4, 8, 16], v: [2, 4, 8, 6], isFused: true),
    Attention(q: [1, 4, 8, 16], k: [1, 1, 8, 16], v: [1, 1, 8, 16]),
    Attention(q: [1, 1, 8, 16], k: [1, 4, 8, 16], v: [1, 4, 8, 16]),
    Attention(q: [1, 4, 8, 16], k: [1, 4, 8, 16], v: [1, 1, 8, 16]),
    Attention(q: [2, 4, 8, 16], k: [1, 4, 8, 16], v: [1, 4, 8, 16]),
    Attention(q: [4, 8, 16], k: [2, 4, 8, 16], v: [2, 4, 8, 16]),
    Attention(q: [1, 2, 8, 16], k: [1, 2, 8, 16], v: [1, 2, 8, 16], factor: 1e-25),
  ])
  func attentionOfUnequalOperandsStaysApart(attention: Attention) throws {
    var graph = Graph(name: "attention")
    let shapes = ["q": attention.q, "k": attention.k, "v": attention.v]
    var values: [String: ValueID] = [:]
    var inputs: [String: Tensor] = [:]
    var random = SplitMix64(seed: 11)
    let unit: Float = attention.factor < 1e-20 ? 1e25 : 1
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      values[name] = graph.addInput(name: name, type: .tensor(.float32, Shape(shape)))
      let numbers = (0..<shape.reduce(1, *)).map { _ in Float(random.next() % 2000) / 1000 - 1 }
      inputs[name] = Tensor(shape: shape, name == "v" ? numbers : numbers.map { $0 * unit })
    }
    let (q, k, v) = (try #require(values["q"]), try #require(values["k"]), try #require(values["v"]))
    let factor = graph.addConstant(name: "factor", Tensor(scalar: attention.factor))
    let scaledQ = Self.apply(&graph, "Mul", [q, factor], "scaled_q")
    let transposed = Self.apply(&graph, "Transpose", [k], "transposed", ["perm": .ints([0, 1, 3, 2])])
    let scaledK = Self.apply(&graph, "Mul", [transposed, factor], "scaled_k")
    let scores = Self.apply(&graph, "MatMul", [scaledQ, scaledK], "scores")
    let shares = Self.apply(&graph, "Softmax", [scores], "shares", ["axis": .int(-1)])
    graph.addOutput(Self.apply(&graph, "MatMul", [shares, v], "y"))
    try Self.expectEqual(graph, inputs, isFused: attention.isFused, as: "FusedAttention")
  }

  /// Where(IsNaN(p), 0, p) makes zeros of a row that has a NaN score, whether a mask or the data brought it.
  @Test func sharesThatAreNoNumbersAreZero() throws {
    var graph = Graph(name: "attention")
    var values: [ValueID] = []
    var inputs: [String: Tensor] = [:]
    var random = SplitMix64(seed: 12)
    for name in ["q", "k", "v"] {
      values.append(graph.addInput(name: name, type: .tensor(.float32, [1, 2, 3, 4])))
      var numbers = (0..<24).map { _ in Float(random.next() % 2000) / 1000 - 1 }
      if name == "q" { (numbers[6], numbers[20]) = (.nan, .infinity) }
      inputs[name] = Tensor(shape: [1, 2, 3, 4], numbers)
    }
    let transposed = Self.apply(&graph, "Transpose", [values[1]], "transposed", ["perm": .ints([0, 1, 3, 2])])
    let scores = Self.apply(&graph, "MatMul", [values[0], transposed], "scores")
    let shares = Self.apply(&graph, "Softmax", [scores], "shares", ["axis": .int(-1)])
    let undefined = Self.apply(&graph, "IsNaN", [shares], "undefined")
    let zero = graph.addConstant(name: "zero", Tensor(scalar: Float(0)))
    let guarded = Self.apply(&graph, "Where", [undefined, zero, shares], "guarded")
    graph.addOutput(Self.apply(&graph, "MatMul", [guarded, values[2]], "y"))
    try Self.expectEqual(graph, inputs, isFused: true, as: "FusedAttention")
  }

  /// x · sigmoid(x) whose x is bounded far from where it bends.
  @Test(arguments: [nil, (1, 2e6), (1e-3, 20)] as [(scale: Float, bound: Float)?])
  func aBoundedFunctionIsNoSwish(bounded: (scale: Float, bound: Float)?) throws {
    var graph = Graph(name: "swish")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [6]))
    var factor = x
    if let bounded {
      let scale = graph.addConstant(name: "scale", Tensor(scalar: bounded.scale))
      let bound = graph.addConstant(name: "bound", Tensor(scalar: bounded.bound))
      let small = Self.apply(&graph, "Min", [Self.apply(&graph, "Mul", [x, scale], "scaled"), bound], "small")
      factor = Self.apply(&graph, "Div", [small, scale], "factor")
    }
    let sigmoid = Self.apply(&graph, "Sigmoid", [x], "sigmoid")
    graph.addOutput(Self.apply(&graph, "Mul", [factor, sigmoid], "y"))
    let inputs = ["x": Tensor(shape: [6], [-3, 0, 2, 3e4, 3e6, 1e7] as [Float])]
    try Self.expectEqual(graph, inputs, isFused: bounded == nil, as: "Swish")
  }
}
