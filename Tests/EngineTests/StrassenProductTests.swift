import Engine
import Graph
import Kernels
import TestSupport
import Testing

/// Products with constant weights that are computed by Strassen's algorithm.
struct StrassenProductTests {
  /// A product for which it pays, of `rows` rows in each of `items` texts.
  private static func model(items: Int, rows: Int) throws -> CompiledModel {
    var graph = Graph(name: "product")
    let x = graph.addInput(name: "x", type: .tensor(.float32, Shape([.known(items), .known(rows), .known(512)])))
    let weights = Tensor(shape: [512, 512], (0..<512 * 512).map { Float($0 * 7 % 17) - 8 })
    let bias = Tensor(shape: [512], (0..<512).map { Float($0 % 5) })
    let product = graph.append(
      OperatorID("MatMul", version: 13), inputs: [x, graph.addConstant(name: "w", weights)], output: "product")
    graph.addOutput(
      graph.append(
        OperatorID("Add", version: 14), inputs: [product, graph.addConstant(name: "b", bias)], output: "y"))
    return try CompiledModel(Model(graph: graph, source: "product"))
  }

  private static func input(items: Int, rows: Int) -> Tensor {
    Tensor(shape: [items, rows, 512], (0..<items * rows * 512).map { Float($0 * 11 % 13) - 6 })
  }

  private static func session(items: Int, rows: Int, winograd: Bool = true) throws -> Session {
    try Session(
      model(items: items, rows: rows), options: SessionOptions(threads: 1, plan: PlanOptions(winograd: winograd)))
  }

  private static func isStrassen(_ session: Session) throws -> Bool {
    try session.plan().kernels.contains { $0.contains("strassen") }
  }

  /// Whole numbers stay exact.
  @Test(arguments: [(1, 129), (2, 64)])
  func isTheSameProduct(items: Int, rows: Int) throws {
    let (fast, plain) = (
      try Self.session(items: items, rows: rows), try Self.session(items: items, rows: rows, winograd: false)
    )
    let pays = try KernelTable.current().lanes >= 16
    let algorithms = (try Self.isStrassen(fast), try Self.isStrassen(plain))
    #expect(algorithms == (pays, false))
    let inputs = ["x": Self.input(items: items, rows: rows)]
    let expected = try #require(try plain.run(inputs)["y"]?.elements(Float.self))
    #expect(try fast.run(inputs)["y"]?.elements(Float.self) == expected)
    #expect(expected.count == items * rows * 512 && Set(expected).count > 100)
  }

  /// Rows of a matrix may be items of a batch, as those that a classifier gets.
  @Test func rowsWithoutBatchKeepApart() throws {
    var graph = Graph(name: "product")
    let x = graph.addInput(name: "x", type: .tensor(.float32, Shape([.known(128), .known(512)])))
    let weights = graph.addConstant(name: "w", Tensor(shape: [512, 512], [Float](repeating: 1, count: 512 * 512)))
    graph.addOutput(graph.append(OperatorID("MatMul", version: 13), inputs: [x, weights], output: "y"))
    let session = try Session(
      CompiledModel(Model(graph: graph, source: "product")), options: SessionOptions(threads: 1))
    #expect(try Self.isStrassen(session) == false)
  }

  /// What one text holds is no other text's business: rows of two of them are never combined.
  @Test func textsKeepApart() throws {
    let straddling = try Self.session(items: 3, rows: 65)
    #expect(try Self.isStrassen(straddling) == false)
    let session = try Self.session(items: 2, rows: 64)
    var numbers = try #require(Self.input(items: 2, rows: 64).elements(Float.self))
    let clean = try #require(try session.run(["x": Tensor(shape: [2, 64, 512], numbers)])["y"]?.elements(Float.self))
    for i in 0..<64 * 512 { numbers[i] = i % 3 == 0 ? .infinity : .nan }
    let found = try #require(try session.run(["x": Tensor(shape: [2, 64, 512], numbers)])["y"]?.elements(Float.self))
    #expect(found[(64 * 512)...] == clean[(64 * 512)...])
    let touched = found[..<(64 * 512)].filter(\.isNaN)
    #expect(touched.count == 64 * 512)
  }
}
