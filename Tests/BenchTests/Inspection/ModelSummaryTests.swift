import Bench
import Engine
import Graph
import Testing
import Zoo

struct ModelSummaryTests {
  /// Parameters and multiply-accumulates as the papers and torchvision's table have them.
  @Test func countsResNet50() throws {
    let summary = try ModelSummary(of: ZooModel.resNet50.build(), reference: .zoo(.resNet50))
    #expect(summary.operators["Conv"] == 53)
    // 25,557,032 less the 53,120 that batch normalizations have beside the biases into which they are folded: 26,560.
    #expect(summary.parameters == 25_557_032 - 26_560)
    #expect(abs(Double(summary.macs) / 4.089e9 - 1) < 0.001)
    #expect(try #require(summary.sparsity) < 0.001)
    #expect(summary.inputs.map(\.description) == ["input float[1x3x224x224]"])
    #expect(summary.opset == 17)
  }

  /// The zoo's table is what is counted.
  @Test(arguments: ZooModel.allCases)
  func countsTheZoo(model: ZooModel) throws {
    #expect(try ModelSummary(of: model.build(), reference: .zoo(model)).macs == model.multiplyAccumulates)
  }

  @Test func countsZerosAndUnknownOperators() throws {
    var graph = Graph()
    let x = graph.addInput(name: "x", type: .tensor(.float32, Shape([.symbol("n"), 4])))
    let w = graph.addConstant(name: "w", Tensor(shape: [4, 2], [1, 0, 0, 2, 0, 0, 0, 3] as [Float]))
    let y = graph.append(OperatorID("MatMul", version: 13), inputs: [x, w], output: "y")
    graph.addOutput(graph.append(OperatorID("Mystery", domain: "org.example", version: 1), inputs: [y], output: "z"))
    let summary = try ModelSummary(of: Model(graph: graph), reference: .file("m.onnx"), shapes: ["x": [5, 4]])
    #expect(summary.sparsity == 5.0 / 8)
    #expect(summary.macs == 5 * 4 * 2)
    #expect(summary.unsupported == ["org.example.Mystery"])
    #expect(summary.inputs[0].shape == [.name("n"), .size(4)])
  }

  /// Sizes that no node takes have no number of operations.
  @Test func impossibleSizesAreAnError() throws {
    var graph = Graph()
    let x = graph.addInput(name: "x", type: .tensor(.float32, Shape([.symbol("n"), 4])))
    let w = graph.addConstant(name: "w", Tensor(shape: [3, 4], [Float](repeating: 1, count: 12)))
    graph.addOutput(graph.append(OperatorID("Add", version: 14), name: "add", inputs: [x, w], output: "y"))
    let model = Model(graph: graph)
    #expect(try ModelSummary(of: model, reference: .file("m.onnx"), shapes: ["x": [3, 4]]).parameters == 12)
    #expect {
      try ModelSummary(of: model, reference: .file("m.onnx"), shapes: ["x": [5, 4]])
    } throws: {
      if case EngineError.model("m.onnx", .shapeMismatch("add", _, _, _)) = $0 { true } else { false }
    }
  }
}
