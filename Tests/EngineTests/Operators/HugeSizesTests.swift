import Engine
import Graph
import Testing

/// Sizes near the largest that a model can state: each is computed rightly, or an error that names the node.
struct HugeSizesTests {
  /// The largest number that a window's attributes may hold.
  private static let most = Int(Int32.max)

  /// Opens a model of one node whose inputs, none of them at hand, have these shapes.
  private func open(
    _ name: String, version: Int = 13, _ shapes: [[Int]], attributes: [String: Attribute] = [:]
  ) throws {
    var graph = Graph(name: "huge")
    let inputs: [ValueID?] = shapes.enumerated().map { index, shape in
      graph.addInput(name: "x\(index)", type: .tensor(.float32, Shape(shape)))
    }
    graph.addOutput(
      graph.append(
        OperatorID(name, version: version), name: "node", inputs: inputs, attributes: attributes, output: "y"))
    _ = try Session(CompiledModel(Model(graph: graph, source: "huge")))
  }

  private static func isTooLarge(_ error: any Error) -> Bool {
    if case EngineError.model(_, .tooLarge(node: "node", _)) = error { true } else { false }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var version = 13
    let shapes: [[Int]]
    var attributes: [String: Attribute] = [:]
    var testDescription: String { "\(name) of \(shapes)" }
  }

  static let tooLarge: [Case] = [
    // One output, of taps so far apart that the padded input has 2⁶² elements.
    Case(
      name: "Conv", shapes: [[1, 1, 1, 1], [1, 1, 2, 2]],
      attributes: ["dilations": .ints([most, most]), "pads": .ints([most, most, 0, 0])]),
    Case(
      name: "Conv", shapes: [[1, 1, 1, 1, 1], [1, 1, 2, 2, 2]],
      attributes: ["dilations": .ints([most, most, most]), "auto_pad": .string("SAME_UPPER")]),
    // Two million millions of products of one element each.
    Case(name: "MatMul", shapes: [[1 << 41, 1, 1], [1 << 41, 1, 1]]),
    Case(name: "MatMul", shapes: [[1 << 20, 1, 1, 1], [1 << 20, 1, 1]]),
    Case(name: "GlobalAveragePool", version: 1, shapes: [[1, 1, 1 << 22, 1 << 22]]),
    Case(name: "InstanceNormalization", version: 6, shapes: [[1, 1, 1 << 23, 1 << 23], [1], [1]]),
    Case(name: "Relu", shapes: [[1 << 46]]),
  ]

  @Test(arguments: tooLarge)
  func whatNoMemoryHoldsIsRefused(_ huge: Case) {
    #expect {
      try open(huge.name, version: huge.version, huge.shapes, attributes: huge.attributes)
    } throws: {
      Self.isTooLarge($0)
    }
  }

  @Test func anInputThatNoTensorCanBe() {
    let what = "input 'x0' would be of shape 1x1x\(1 << 40)x\(1 << 40), which no tensor can have"
    #expect(throws: EngineError.model(source: "huge", .invalidGraph(node: "huge", what: what))) {
      try open("GlobalAveragePool", version: 1, [[1, 1, 1 << 40, 1 << 40]])
    }
  }

  /// A window of 2⁶² elements, one of which lies inside the input.
  @Test(arguments: ["MaxPool", "AveragePool", "LpPool"], [true, false])
  func windowsThatReachFarBeyondTheInput(_ name: String, inDouble: Bool) throws {
    var attributes: [String: Attribute] = [
      "kernel_shape": .ints([Self.most, Self.most]), "pads": .ints([Self.most - 1, Self.most - 1, 0, 0]),
    ]
    let x = inDouble ? Tensor(shape: [1, 1, 1, 1], [3.0]) : Tensor(shape: [1, 1, 1, 1], [3.0 as Float])
    func result() throws -> Double? {
      let y = try runTensor(name, version: 22, [x], attributes: attributes)
      return y?.elements(Double.self)?.first ?? y?.elements(Float.self)?.first.map(Double.init)
    }
    #expect(try result() == 3)
    guard name == "AveragePool" else { return }
    attributes["count_include_pad"] = .int(1)
    let size = Double(Self.most)
    #expect(abs(try #require(try result()) * size * size - 3) < 1e-6)
  }
}
