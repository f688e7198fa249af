import Graph
import Testing

/// What inference makes of the shapes of whole graphs, and what it refuses.
struct ShapeInferenceTests {
  private func int64(_ values: Int64...) -> Tensor { Tensor(shape: [values.count], values) }

  /// Infers one graph and gives the type of the value of a name.
  private func type(of name: String, in graph: Graph) throws -> ValueType? {
    var graph = graph
    try ShapeInference().run(on: &graph)
    return graph.valueIDs.first { graph[$0].name == name }.flatMap { graph[$0].type }
  }

  private func node(
    _ name: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], version: Int = 17, output: String,
    in graph: inout Graph
  ) -> ValueID {
    graph.append(OperatorID(name, version: version), name: name, inputs: inputs, attributes: attributes, output: output)
  }

  /// Shape → Gather → Concat → Reshape, with a size that has only a name.
  @Test func symbolsTravelThroughShapeComputations() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [.symbol("N"), 4, 6]))
    let shape = node("Shape", [x], output: "shape", in: &graph)
    let batch = node("Gather", [shape, graph.addConstant(name: "i", int64(0))], output: "batch", in: &graph)
    let rest = graph.addConstant(name: "rest", int64(-1))
    let target = node("Concat", [batch, rest], ["axis": .int(0)], output: "target", in: &graph)
    graph.addOutput(node("Reshape", [x, target], output: "y", in: &graph))
    #expect(try type(of: "y", in: graph) == .tensor(.float32, [.symbol("N"), 24]))
  }

  /// 7 / 2 * 2 is 6 for whole numbers and 7 for real ones: sizes are not followed through the latter.
  @Test func realArithmeticIsNotFollowed() throws {
    func graph(through type: DataType) -> Graph {
      var graph = Graph(name: "g")
      let x = graph.addInput(name: "x", type: .tensor(.float32, [7]))
      var size = node("Shape", [x], output: "shape", in: &graph)
      size = node("Cast", [size], ["to": .int(Int(type.rawValue))], output: "cast", in: &graph)
      let y = graph.addInput(name: "y", type: .tensor(.float32, [2]))
      var two = node("Shape", [y], output: "two", in: &graph)
      two = node("Cast", [two], ["to": .int(Int(type.rawValue))], output: "real_two", in: &graph)
      size = node("Div", [size, two], output: "half", in: &graph)
      size = node("Mul", [size, two], output: "product", in: &graph)
      size = node("Cast", [size], ["to": .int(7)], output: "back", in: &graph)
      graph.addOutput(node("ConstantOfShape", [size], output: "result", in: &graph))
      return graph
    }
    #expect(try type(of: "result", in: graph(through: .int64)) == .tensor(.float32, [6]))
    #expect(try type(of: "result", in: graph(through: .float32)) == .tensor(.float32, [.unknown]))
    #expect(try type(of: "result", in: graph(through: .int8)) == .tensor(.float32, [.unknown]))
  }

  /// Joining columns interleaves rows: only vectors are followed.
  @Test func matricesOfSizesAreNotFollowed() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [5, 6]))
    let shape = node("Shape", [x], output: "shape", in: &graph)
    let column = graph.addConstant(name: "column", int64(2, 1))
    let rows = node("Reshape", [shape, column], output: "rows", in: &graph)
    let both = node("Concat", [rows, rows], ["axis": .int(1)], output: "both", in: &graph)
    let flat = node("Reshape", [both, graph.addConstant(name: "four", int64(4))], output: "flat", in: &graph)
    graph.addOutput(node("ConstantOfShape", [flat], output: "result", in: &graph))
    #expect(try type(of: "result", in: graph) == .tensor(.float32, Shape(unknownOfRank: 4)))
  }

  // MARK: - Refusals

  @Test(arguments: [[-3], [1 << 60], [1 << 40, 1 << 40], [1 << 40, 1 << 40, 0]])
  func sizesThatNoTensorHas(sizes: [Int]) {
    var graph = Graph(name: "g")
    let tensor = Tensor(shape: [sizes.count], sizes.map(Int64.init))
    let size = graph.addConstant(name: "size", tensor)
    graph.addOutput(node("ConstantOfShape", [size], output: "y", in: &graph))
    let shape = Shape(sizes)
    #expect(
      throws: GraphError.invalidGraph(
        node: "ConstantOfShape", what: "its output 'y' would be of shape \(shape), which no tensor can have")
    ) { try type(of: "y", in: graph) }

    var given = Graph(name: "g")
    given.addOutput(given.addInput(name: "x", type: .tensor(.float32, shape)))
    #expect(
      throws: GraphError.invalidGraph(
        node: "g", what: "input 'x' would be of shape \(shape), which no tensor can have")
    ) { try type(of: "x", in: given) }
  }

  @Test func declaredSizesThatNoTensorHas() {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: .tensor(.float32, Shape(unknownOfRank: 2)))
    let y = node("Relu", [x], output: "y", in: &graph)
    graph.setType(.tensor(.float32, Shape([1 << 40, 1 << 40])), of: y)
    graph.addOutput(y)
    #expect(
      throws: GraphError.invalidGraph(
        node: "Relu", what: "its output 'y' would be of shape \(1 << 40)x\(1 << 40), which no tensor can have")
    ) { try type(of: "y", in: graph) }
  }

  @Test func operatorSetsOfTheFuture() {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [2]))
    graph.addOutput(node("Relu", [x], version: 1000, output: "y", in: &graph))
    #expect(
      throws: GraphError.unsupported(
        node: "Relu", operator: OperatorID("Relu", version: 1000), reason: "the newest supported operator set is 28")
    ) { try type(of: "y", in: graph) }
  }

  /// A body of this many inputs and outputs.
  private func body(inputs: Int, outputs: Int) -> Subgraph {
    var body = Graph(name: "body")
    for index in 0..<inputs { _ = body.addInput(name: "p\(index)", type: nil) }
    for index in 0..<outputs {
      body.addOutput(body.addConstant(name: "c\(index)", Tensor(scalar: Bool8(true))))
    }
    return Subgraph(body: body)
  }

  private func choice(_ then: Subgraph, _ otherwise: Subgraph, outputs: Int, known: Bool) -> Graph {
    var graph = Graph(name: "g")
    let condition =
      known
      ? graph.addConstant(name: "c", Tensor(scalar: Bool8(true))) : graph.addInput(name: "c", type: .tensor(.bool, []))
    let results = (0..<outputs).map { graph.addValue(name: "y\($0)") }
    graph.append(
      Node(
        OperatorID("If", version: 17), name: "if", inputs: [condition], outputs: results,
        attributes: ["then_branch": .graph(then), "else_branch": .graph(otherwise)]))
    for result in results { graph.addOutput(result) }
    return graph
  }

  @Test(arguments: [false, true])
  func branchesThatDoNotFit(known: Bool) {
    let one = body(inputs: 0, outputs: 1), two = body(inputs: 0, outputs: 2)
    #expect(throws: GraphError.invalidGraph(node: "if", what: "gives 1 outputs as it is configured, found 2")) {
      try type(of: "y0", in: choice(one, two, outputs: 2, known: known))
    }
    #expect(
      throws: GraphError.invalidAttribute(
        node: "if", attribute: "then_branch", expected: "a graph of 0 inputs", found: "1")
    ) { try type(of: "y0", in: choice(body(inputs: 1, outputs: 1), one, outputs: 1, known: known)) }
  }

  @Test func loopBodyWithoutItsStates() {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [2]))
    graph.addOutput(
      node("Loop", [nil, nil, x], ["body": .graph(body(inputs: 2, outputs: 2))], output: "y", in: &graph))
    #expect(
      throws: GraphError.invalidAttribute(
        node: "Loop", attribute: "body", expected: "a graph of 3 inputs", found: "2")
    ) { try type(of: "y", in: graph) }
  }

  /// Each level asks for the types of the one below twice, until it knows that its own state grows: without a bound the work
  /// is exponential in the levels.
  @Test func loopsThatNestDeep() throws {
    func nested(_ levels: Int) -> Graph {
      var loop = Graph(name: "level \(levels)")
      let i = loop.addInput(name: "i", type: nil), go = loop.addInput(name: "go", type: nil)
      let state = loop.addInput(name: "state", type: nil)
      let grown = node("Concat", [state, state], ["axis": .int(0)], output: "grown", in: &loop)
      var result = grown
      if levels > 1 {
        let start = loop.addConstant(name: "start", Tensor(shape: [1], [0 as Float]))
        result = node(
          "Loop", [i, go, start], ["body": .graph(Subgraph(body: nested(levels - 1)))], output: "inner", in: &loop)
      }
      loop.addOutput(go)
      loop.addOutput(result)
      return loop
    }
    func graph(_ levels: Int) -> Graph {
      var graph = Graph(name: "g")
      let x = graph.addInput(name: "x", type: .tensor(.float32, [2]))
      let body = Subgraph(body: nested(levels))
      graph.addOutput(node("Loop", [nil, nil, x], ["body": .graph(body)], output: "y", in: &graph))
      return graph
    }
    #expect(try type(of: "y", in: graph(3)) == .tensor(.float32, [.unknown]))
    #expect(
      throws: GraphError.invalidGraph(
        node: "Loop", what: "stands in loops that nest too deep for shape inference")
    ) { try type(of: "y", in: graph(40)) }
  }
}
