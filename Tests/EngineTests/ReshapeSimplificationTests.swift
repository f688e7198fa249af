import Engine
import Graph
import TestSupport
import Testing

/// Gathers that give all elements in their order are views; all others stay.
struct ReshapeSimplificationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var op = "Gather"
    let shape: [Int]
    let indices: Tensor
    var axis = 0
    let isView: Bool
    var testDescription: String { "\(op) \(indices) of \(shape) along \(axis)" }
  }

  private static func indices(_ shape: [Int], _ numbers: [Int64]) -> Tensor { Tensor(shape: shape, numbers) }

  static let cases: [Case] = [
    Case(shape: [4], indices: indices([4], [0, 1, 2, 3]), isView: true),
    Case(shape: [4], indices: indices([2, 2], [0, 1, 2, 3]), isView: true),
    Case(shape: [4, 3], indices: indices([4], [0, 1, 2, 3]), isView: true),
    Case(shape: [4], indices: indices([4], [0, 2, 1, 3]), isView: false),
    Case(shape: [4], indices: indices([4], [3, 2, 1, 0]), isView: false),
    Case(shape: [4], indices: indices([4], [0, 1, 2, -2]), isView: false),
    Case(shape: [4], indices: indices([3], [0, 1, 2]), isView: false),
    Case(shape: [4], indices: indices([5], [0, 1, 2, 3, 0]), isView: false),
    Case(shape: [4, 4], indices: indices([4], [0, 1, 2, 3]), axis: 1, isView: false),
    Case(op: "GatherND", shape: [4], indices: indices([4, 1], [0, 1, 2, 3]), isView: true),
    Case(op: "GatherND", shape: [2, 2], indices: indices([4, 2], [0, 0, 0, 1, 1, 0, 1, 1]), isView: true),
    Case(op: "GatherND", shape: [2, 2, 3], indices: indices([2, 2, 2], [0, 0, 0, 1, 1, 0, 1, 1]), isView: true),
    Case(op: "GatherND", shape: [2, 2], indices: indices([4, 2], [0, 0, 1, 0, 0, 1, 1, 1]), isView: false),
    Case(op: "GatherND", shape: [2, 2], indices: indices([3, 2], [0, 0, 0, 1, 1, 0]), isView: false),
    Case(op: "GatherND", shape: [4, 4], indices: indices([4, 1], [0, 1, 2, 3]), axis: 1, isView: false),
    // Indices of no length choose the whole: a scalar, or the tensor twice.
    Case(op: "GatherND", shape: [], indices: indices([1, 0], []), isView: false),
    Case(op: "GatherND", shape: [2], indices: indices([2, 0], []), isView: false),
  ]

  @Test(arguments: cases)
  func keepsWhatIsGathered(gather: Case) throws {
    var graph = Graph(name: "gather")
    let x = graph.addInput(name: "x", type: .tensor(.float32, Shape(gather.shape)))
    let indices = graph.addConstant(name: "indices", gather.indices)
    let attribute = gather.op == "Gather" ? "axis" : "batch_dims"
    let y = graph.append(
      OperatorID(gather.op, version: 13), name: "gather", inputs: [x, indices],
      attributes: [attribute: .int(gather.axis)], output: "y")
    graph.addOutput(graph.append(OperatorID("Neg", version: 13), inputs: [y], output: "z"))
    let compiled = try CompiledModel(Model(graph: graph, source: "gather"))
    let session = try Session(compiled)
    let plain = try Session(compiled, options: SessionOptions(plan: PlanOptions(optimize: false)))
    let inputs = ["x": Tensor(shape: gather.shape, (0..<gather.shape.reduce(1, *)).map { Float($0 + 1) })]
    let (found, expected) = (try session.run(inputs)["z"], try plain.run(inputs)["z"])
    #expect(found?.shape == expected?.shape && found?.elements(Float.self) == expected?.elements(Float.self))
    #expect(try session.plan().operations.contains(gather.op) == !gather.isView)
  }
}
