import Foundation
import Graph
import TestSupport
import Testing

/// Graphs that no file spells as they are: the writer finds names and nodes that say the same.
struct WriterTests {
  private let float = ValueType.tensor(.float32, [2])

  private func copy(of graph: Graph, opsets: [String: Int] = ["": 17]) throws -> Model {
    try Model(bytes: Model(graph: graph, opsets: opsets).serialized(), source: "copy")
  }

  private func operators(_ graph: Graph) -> [String] { graph.order.map { graph[$0].op.description } }

  /// After passes, an output's name and its value's differ: the value takes the name, or a copy is made.
  @Test func outputsKeepTheirNames() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: float)
    let h = graph.append(OperatorID("Relu", version: 17), inputs: [x], output: "y", type: float)
    _ = graph.append(OperatorID("Neg", version: 17), inputs: [h], output: "unused", type: float)
    graph.addOutput(h, name: "result")
    graph.addOutput(h, name: "again")
    graph.addOutput(x, name: "input_passed_on")
    graph.addOutput(h, name: "result")
    let copy = try copy(of: graph).graph
    #expect(copy.outputNames == ["result", "again", "input_passed_on", "result"])
    #expect(operators(copy) == ["Relu-17", "Neg-17", "Identity-17", "Identity-17"])
  }

  @Test func anOutputTakesTheNameOfAnotherValue() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: float)
    let a = graph.append(OperatorID("Relu", version: 17), inputs: [x], output: "a", type: float)
    let b = graph.append(OperatorID("Neg", version: 17), inputs: [a], output: "b", type: float)
    graph.addOutput(b, name: "a")
    let copy = try copy(of: graph).graph
    #expect(copy.outputNames == ["a"] && operators(copy) == ["Relu-17", "Neg-17"])
    #expect(copy[copy.outputs[0]].producer == copy.order[1])
  }

  @Test func outputsThatCannotHaveTheirNames() {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: float)
    let a = graph.append(OperatorID("Relu", version: 17), inputs: [x], output: "a", type: float)
    graph.addOutput(a, name: "x")
    #expect(throws: GraphError.invalidGraph(node: "output 'x'", what: "has the name of another output or of an input"))
    {
      try Model(graph: graph).serialized()
    }
  }

  /// A body has names of its own; in a file they must differ from all that it can see.
  @Test func subgraphsHideNothing() throws {
    var body = Graph(name: "body")
    let inside = body.addCapture(name: "w", type: float)
    let y = body.append(OperatorID("Relu", version: 17), inputs: [inside], output: "x", type: float)
    body.addOutput(y)
    body.addOutput(inside)
    body.addOutput(y)
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: float)
    let w = graph.append(OperatorID("Neg", version: 17), inputs: [x], output: "v", type: float)
    let outputs = ["p", "q", "r"].map { graph.addValue(name: $0, type: float) }
    graph.append(
      Node(
        OperatorID("If", version: 17), inputs: [x], outputs: outputs,
        attributes: ["then_branch": .graph(Subgraph(body: body, captured: [w]))]))
    graph.addOutput(outputs[0])
    let copy = try copy(of: graph).graph
    let branch = try #require(copy[copy.order[1]].attributes["then_branch"]?.subgraphs.first)
    #expect(branch.captured.map { copy[$0].name } == ["v"])
    #expect(operators(branch.body) == ["Relu-17", "Identity-17", "Identity-17"])
    #expect(Set(branch.body.outputs).count == 3)
    #expect(!branch.body.outputNames.contains("x"))
  }

  /// A file has one version of an operator set, a graph with inlined functions more: the others go to functions again.
  @Test func nodesOfOtherVersions() throws {
    var body = Graph(name: "body")
    let inside = body.addCapture(name: "x", type: float)
    let old = body.append(OperatorID("Softmax", version: 11), name: "old", inputs: [inside], output: "s", type: float)
    body.addOutput(body.append(OperatorID("Neg", version: 13), inputs: [old], output: "t", type: float))
    var graph = Graph(name: "g")
    let c = graph.addInput(name: "c", type: .tensor(.bool, []))
    let x = graph.addInput(name: "x", type: float)
    let a = graph.append(
      OperatorID("Softmax", version: 13), name: "thirteen", inputs: [x], attributes: ["axis": .int(0)], output: "a",
      type: float)
    let b = graph.append(OperatorID("Relu", version: 17), inputs: [a], output: "b", type: float)
    let y = graph.append(
      OperatorID("If", version: 13), name: "choice", inputs: [c],
      attributes: ["then_branch": .graph(Subgraph(body: body, captured: [b]))], output: "y", type: float)
    graph.addOutput(y)
    let copy = try copy(of: graph).graph
    #expect(operators(copy) == ["Softmax-13", "Relu-17", "If-13"])
    #expect(copy.order.map { copy[$0].name } == ["thirteen", "", "choice"])
    let branch = try #require(copy[copy.order[2]].attributes["then_branch"]?.subgraphs.first)
    #expect(operators(branch.body) == ["Softmax-11", "Neg-13"])
    #expect(branch.captured.map { copy[$0].name } == ["b"])
  }

  @Test func deadConstantsAreLeftOut() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: float)
    _ = graph.addConstant(name: "dead", Tensor(shape: [1000], [Float](repeating: 1, count: 1000)))
    graph.addOutput(graph.append(OperatorID("Relu", version: 17), inputs: [x], output: "y", type: float))
    #expect(try Model(graph: graph).serialized().count < 500)
  }

  @Test func invalidGraphsAreRefused() {
    var graph = Graph(name: "g")
    let lost = graph.addValue(name: "lost")
    graph.addOutput(graph.append(OperatorID("Relu", version: 17), name: "r", inputs: [lost], output: "y"))
    #expect(throws: GraphError.undefinedValue(node: "r", value: "lost")) { try Model(graph: graph).serialized() }
  }

  @Test func aModelHasNoGraphAroundIt() {
    var graph = Graph(name: "g")
    let outside = graph.addCapture(name: "outside", type: float)
    graph.addOutput(graph.append(OperatorID("Relu", version: 17), inputs: [outside], output: "y"))
    let error = GraphError.invalidGraph(
      node: "graph 'g'", what: "captures values of a graph around it, which a model has not")
    #expect(throws: error) { try Model(graph: graph).serialized() }
    #expect(throws: error) { try Model(graph: graph).write(to: "/no/model.onnx") }
  }

  /// The head of a file promises a version in which all its types exist, wherever they stand.
  @Test(arguments: [
    (ValueType.tensor(.float32, nil), 4), (.optional(.tensor(.float32, nil)), 8), (.sparseTensor(.float32, nil), 8),
    (.sequence(.tensor(.float8E5M2, nil)), 9), (.map(key: .int8, value: .tensor(.int4, nil)), 10),
    (.tensor(.float6E2M3, nil), 14),
  ])
  func irVersionOfTypes(type: ValueType, version: Int) throws {
    var graph = Graph(name: "g")
    graph.addOutput(graph.append(OperatorID("F", version: 17), inputs: [], attributes: ["t": .type(type)], output: "y"))
    let bytes = try Model(graph: graph, irVersion: 3).serialized()
    #expect(try Model(bytes: bytes, source: "copy").irVersion == version)
  }

  @Test func nothingHalfWrittenIsLeft() throws {
    let folder = try TemporaryFolder()
    var graph = Graph(name: "g")
    let w = graph.addConstant(name: "w", Tensor(shape: [64], [Float](repeating: 2, count: 64)))
    graph.addOutput(graph.append(OperatorID("Relu", version: 17), inputs: [w], output: "y", type: float))
    let model = Model(graph: graph)
    #expect(throws: GraphError.unwritable(file: folder.file("no/m.onnx"), reason: "No such file or directory")) {
      try model.write(to: folder.file("no/m.onnx"))
    }
    // What is no file, such as a device, keeps its name.
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect(throws: GraphError.unwritable(file: folder.file("pipe"), reason: "not a regular file")) {
      try model.write(to: folder.file("pipe"))
    }
    try FileManager.default.removeItem(atPath: folder.file("pipe"))
    // A folder in the place of the file.
    try FileManager.default.createDirectory(atPath: folder.file("m.onnx"), withIntermediateDirectories: false)
    #expect(throws: GraphError.self) { try model.write(to: folder.file("m.onnx")) }
    #expect(folder.contents == ["m.onnx"])
  }

  /// A model may be written over the file from which its weights are mapped.
  @Test func replacesItsOwnFile() throws {
    let folder = try TemporaryFolder()
    let values = (0..<5000).map(Float.init)
    var graph = Graph(name: "g")
    let w = graph.addConstant(name: "w", Tensor(shape: [5000], values))
    graph.addOutput(graph.append(OperatorID("Relu", version: 17), inputs: [w], output: "y", type: float))
    let path = folder.file("m.onnx")
    try Model(graph: graph).write(to: path)
    for _ in 0..<2 {
      let model = try Model(contentsOf: path)
      try model.write(to: path)
      #expect(GraphComparison.differences(model.graph, try Model(contentsOf: path).graph) == [])
    }
    let model = try Model(contentsOf: path)
    try model.write(to: path, externalDataThreshold: 1024)
    #expect(folder.contents == ["m.onnx", "m.onnx.data"])
    let external = try Model(contentsOf: path)
    try external.write(to: path, externalDataThreshold: 1024)
    #expect(GraphComparison.differences(model.graph, try Model(contentsOf: path).graph) == [])
  }
}
