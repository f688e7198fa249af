import Graph
import Testing

/// What the validator says: every message, whole.
struct StructureTests {
  private let float = ValueType.tensor(.float32, [2])
  private let tensor = Tensor(shape: [2], [1, 2] as [Float])
  private let relu = OperatorID("Relu", version: 17)

  private func graph(_ build: (inout Graph) -> Void) -> Graph {
    var graph = Graph(name: "g")
    build(&graph)
    return graph
  }

  private func expect(
    _ error: GraphError, _ build: (inout Graph) -> Void, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error, sourceLocation: location) { try graph(build).checkStructure() }
  }

  @Test func valueWithoutAName() {
    expect(.invalidGraph(node: "graph 'g'", what: "a value has no name")) {
      $0.addOutput($0.append(relu, inputs: [$0.addInput(name: "x", type: float)], output: ""))
    }
  }

  /// Also when a value that nothing uses and that has the name too stands between them.
  @Test func twoValuesOfOneName() {
    expect(.invalidGraph(node: "graph 'g'", what: "two values are named 'x'")) {
      let x = $0.addInput(name: "x", type: float)
      _ = $0.addValue(name: "x")
      $0.addOutput($0.append(relu, inputs: [x], output: "x"))
    }
  }

  @Test func namesOfUnusedValuesDoNotCount() throws {
    try graph {
      _ = $0.addValue(name: "x")
      _ = $0.addValue(name: "")
      $0.addOutput($0.append(relu, inputs: [$0.addInput(name: "x", type: float)], output: "y"))
    }.checkStructure()
  }

  @Test func readBeforeWritten() {
    expect(.undefinedValue(node: "r", value: "h")) {
      let h = $0.addValue(name: "h")
      $0.addOutput($0.append(relu, name: "r", inputs: [h], output: "y"))
      $0.append(Node(relu, name: "later", inputs: [$0.addInput(name: "x", type: float)], outputs: [h]))
    }
  }

  /// A node without a name is called by its operator.
  @Test func captureThatNothingWrites() {
    expect(.undefinedValue(node: "If", value: "lost")) {
      let lost = $0.addValue(name: "lost")
      var body = Graph(name: "body")
      body.addOutput(body.addCapture(name: "inside", type: float))
      let attributes: [String: Attribute] = ["then_branch": .graph(Subgraph(body: body, captured: [lost]))]
      $0.addOutput($0.append(OperatorID("If", version: 17), inputs: [], attributes: attributes, output: "y"))
    }
  }

  @Test func twoWriters() {
    expect(.invalidGraph(node: "second", what: "writes value 'y', which has a writer already")) {
      let x = $0.addInput(name: "x", type: float)
      let y = $0.append(relu, name: "first", inputs: [x], output: "y")
      $0.append(Node(relu, name: "second", inputs: [x], outputs: [y]))
    }
    expect(.invalidGraph(node: "split", what: "writes value 'y', which has a writer already")) {
      let x = $0.addInput(name: "x", type: float)
      let y = $0.addValue(name: "y")
      $0.append(Node(OperatorID("Split", version: 17), name: "split", inputs: [x], outputs: [y, y]))
    }
  }

  @Test func inputsAndConstantsThatNodesWrite() {
    expect(.invalidGraph(node: "r", what: "writes value 'x', which has a writer already")) {
      let x = $0.addInput(name: "x", type: float)
      $0.append(Node(relu, name: "r", inputs: [x], outputs: [x]))
    }
    expect(.invalidGraph(node: "r", what: "writes value 'w', which has a writer already")) {
      let w = $0.addConstant(name: "w", tensor)
      $0.append(Node(relu, name: "r", inputs: [w], outputs: [w]))
    }
  }

  @Test func inputThatIsAConstant() {
    expect(.invalidGraph(node: "constant 'x'", what: "writes value 'x', which has a writer already")) {
      $0.setConstant(tensor, for: $0.addInput(name: "x", type: float))
    }
    expect(.invalidGraph(node: "constant 'x'", what: "writes value 'x', which has a writer already")) {
      $0.setConstant(tensor, for: $0.addCapture(name: "x", type: float))
    }
  }

  @Test func outputThatNothingWrites() {
    expect(.undefinedValue(node: "output 'result'", value: "y")) {
      $0.addOutput($0.addValue(name: "y"), name: "result")
    }
  }

  @Test func subgraphWithoutItsCaptures() {
    expect(
      .invalidAttribute(node: "if", attribute: "then_branch", expected: "2 captured values", found: "1")
    ) {
      let x = $0.addInput(name: "x", type: float)
      var body = Graph(name: "body")
      body.addOutput(body.addCapture(name: "p", type: float))
      var subgraph = Subgraph(body: body, captured: [x])
      _ = subgraph.body.addCapture(name: "q", type: float)
      $0.append(
        Node(
          OperatorID("If", version: 17), name: "if", inputs: [x], outputs: [],
          attributes: ["then_branch": .graph(subgraph)]))
    }
  }

  @Test func faultInASubgraph() {
    expect(.undefinedValue(node: "inner", value: "lost")) {
      var body = Graph(name: "body")
      body.addOutput(body.append(relu, name: "inner", inputs: [body.addValue(name: "lost")], output: "t"))
      $0.append(
        Node(
          OperatorID("Loop", version: 17), name: "outer", inputs: [], outputs: [],
          attributes: ["bodies": .graphs([Subgraph(body: body)])]))
    }
  }

  /// Where, what, and what was found: the text of each case.
  @Test(arguments: [
    (GraphError.unreadable(file: "m.onnx", reason: "No such file"), "m.onnx: cannot read: No such file"),
    (.malformed(file: "m.onnx", what: "it holds no graph"), "m.onnx: not a valid ONNX model: it holds no graph"),
    (.unwritable(file: "m.onnx", reason: "No space left"), "m.onnx: cannot write: No space left"),
    (
      .unsupported(
        node: "n", operator: OperatorID("F", domain: "d", version: 1), reason: "no such operator is built in"),
      "node 'n': operator d.F-1 is unsupported: no such operator is built in"
    ),
    (.missingInput(node: "n", input: "W"), "node 'n': required input 'W' is missing"),
    (.undefinedValue(node: "n", value: "v"), "node 'n': reads value 'v', which nothing writes"),
    (.invalidGraph(node: "n", what: "is on a cycle"), "node 'n': is on a cycle"),
    (
      .invalidAttribute(node: "n", attribute: "axis", expected: "0 to 3", found: "7"),
      "node 'n', attribute 'axis': expected 0 to 3, found 7"
    ),
    (
      .invalidValue(node: "n", input: "K", expected: "0 to 3", found: "7"),
      "node 'n', input 'K': expected 0 to 3, found 7"
    ),
    (
      .tooLarge(node: "n", byteCount: 8),
      "node 'n': needs 8 bytes of memory, more than this machine has: make its inputs smaller"
    ),
    (
      .typeMismatch(node: "n", input: "0", expected: "float", found: "int8"),
      "node 'n', input '0': expected float, found int8"
    ),
    (
      .shapeMismatch(node: "n", input: "0", expected: "3xN", found: "4x5"),
      "node 'n', input '0': expected shape 3xN, found 4x5"
    ),
  ])
  func texts(error: GraphError, text: String) { #expect(error.description == text) }
}
