import Engine
import Graph
import TestSupport
import Testing

/// Projections of attention in one step, in the spellings that decide which of them may be.
struct ProjectionFusionTests {
  /// How the queries, keys and values of an attention are made.
  enum Projections: String, CaseIterable {
    case constantBias, noBias, biasOfAnInput, biasOfTheQueries, biasOfTwoDimensions, computedBiasOfTwoDimensions
    case sharedWeights, transposedWeights, crossAttention

    /// Projections that go into one step.
    var fused: Int {
      switch self {
      case .biasOfAnInput, .biasOfTheQueries, .computedBiasOfTwoDimensions, .crossAttention: 2
      case .constantBias, .noBias, .biasOfTwoDimensions, .sharedWeights, .transposedWeights: 3
      }
    }
  }

  private static let (steps, heads, depth) = (16, 4, 8)
  private static let width = heads * depth

  private static func numbers(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in scale * (Float(random.next() % 2000) / 1000 - 1) }
  }

  private static func model(_ projections: Projections) -> Model {
    var graph = Graph(name: "attention")
    // Products of one matrix with the same weights would be one if their biases were added apart.
    let isGemm = [.biasOfTwoDimensions, .computedBiasOfTwoDimensions, .sharedWeights, .transposedWeights].contains(
      projections)
    let shape: Shape = isGemm ? [.known(steps), .known(width)] : [1, .known(steps), .known(width)]
    let x = graph.addInput(name: "x", type: .tensor(.float32, shape))
    let z = graph.addInput(name: "z", type: .tensor(.float32, shape))
    let s = graph.addInput(name: "s", type: .tensor(.float32, [1]))
    func apply(_ op: String, _ inputs: [ValueID], _ output: String, _ attributes: [String: Attribute] = [:]) -> ValueID
    {
      graph.append(
        OperatorID(op, version: 13), name: output, inputs: inputs, attributes: attributes, output: output)
    }
    func sizes(_ name: String, _ sizes: [Int]) -> ValueID {
      graph.addConstant(name: name, Tensor(shape: [sizes.count], sizes.map(Int64.init)))
    }
    let split = sizes("split", [1, steps, heads, depth])
    let isTwoDimensional = [.biasOfTwoDimensions, .computedBiasOfTwoDimensions].contains(projections)
    let biasShape = isTwoDimensional ? [1, width] : [width]
    var weights: [String: ValueID] = [:]
    var projected: [String: ValueID] = [:]
    for (number, name) in ["q", "k", "v"].enumerated() {
      let seed = UInt64(2 * number)
      let w =
        projections == .sharedWeights && name == "v"
        ? weights["k"]
        : graph.addConstant(
          name: "w" + name,
          Tensor(shape: [width, width], numbers(width * width, seed: seed, scale: 0.3)))
      weights[name] = w
      guard let w else { continue }
      var bias = graph.addConstant(name: "b" + name, Tensor(shape: biasShape, numbers(width, seed: seed + 1)))
      if name == "v", let q = projected["q"] {
        switch projections {
        case .biasOfAnInput, .computedBiasOfTwoDimensions: bias = apply("Mul", [bias, s], "computed")
        case .biasOfTheQueries:
          bias = apply("Mul", [bias, apply("ReduceMax", [q], "most", ["keepdims": .int(0)])], "computed")
        default: break
        }
      }
      let source = projections == .crossAttention && name != "q" ? z : x
      if isGemm {
        let attributes: [String: Attribute] = projections == .transposedWeights ? ["transB": .int(1)] : [:]
        projected[name] = apply("Gemm", [source, w, bias], name, attributes)
      } else {
        let product = apply("MatMul", [source, w], name + "_product")
        projected[name] = projections == .noBias ? product : apply("Add", [product, bias], name)
      }
    }
    func headsFirst(_ name: String, _ order: [Int]) -> ValueID {
      let view = apply("Reshape", [projected[name] ?? x, split], name + "_heads")
      return apply("Transpose", [view], name + "_first", ["perm": .ints(order)])
    }
    let (q, k, v) = (headsFirst("q", [0, 2, 1, 3]), headsFirst("k", [0, 2, 3, 1]), headsFirst("v", [0, 2, 1, 3]))
    let scale = graph.addConstant(name: "scale", Tensor(scalar: Float(0.35)))
    let scores = apply("Mul", [apply("MatMul", [q, k], "products"), scale], "scores")
    let shares = apply("Softmax", [scores], "shares", ["axis": .int(-1)])
    let sums = apply(
      "Transpose", [apply("MatMul", [shares, v], "sums")], "steps_first", ["perm": .ints([0, 2, 1, 3])])
    graph.addOutput(apply("Reshape", [sums, sizes("joined", [1, steps, width])], "y"))
    return Model(graph: graph, source: "attention")
  }

  @Test(arguments: Projections.allCases)
  func givesWhatEachGivesApart(projections: Projections) throws {
    let model = Self.model(projections)
    let compiled = try CompiledModel(model)
    let session = try Session(compiled)
    let plain = try Session(compiled, options: SessionOptions(plan: PlanOptions(optimize: false)))
    var inputs: [String: Tensor] = [:]
    for (number, input) in model.graph.inputs.enumerated() {
      let shape = model.graph[input].type?.shape?.sizes ?? []
      inputs[model.graph[input].name] = Tensor(
        shape: shape, Self.numbers(shape.reduce(1, *), seed: UInt64(100 + number)))
    }
    inputs["s"] = Tensor(shape: [1], [50 as Float])
    let found = try #require(try session.run(inputs)["y"]?.elements(Float.self))
    let expected = try #require(try plain.run(inputs)["y"]?.elements(Float.self))
    // Sums of 32 products and of 16 shares, in another order: a few of the last bits, relative to the largest.
    let bound = 64 * Float.ulpOfOne * (expected.map(abs).max() ?? 0)
    #expect(found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= bound })

    // From a plan file, where the types of all values are inferred again.
    let folder = try TemporaryFolder()
    try compiled.writePlan(to: folder.file("plan"))
    let planned = try Session(CompiledModel(contentsOf: folder.file("plan"))).run(inputs)["y"]?.elements(Float.self)
    #expect(planned == found)

    let operations = try session.plan().operations
    #expect(operations.count { $0 == "FusedAttention" } == 1)
    #expect(operations.count { $0 == "FusedProjections" } == 1)
    #expect(operations.count { $0 == "FusedMatMul" || $0 == "Gemm" } == 3 - projections.fused)
  }
}
