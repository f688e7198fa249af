import Graph
import TestSupport
import Testing

/// Changes of a graph: each keeps the links between values, writers and readers.
struct GraphMutationTests {
  private static let float = ValueType.tensor(.float32, [2])

  /// x → Relu → h; Add(h, x) → y, an output.
  private struct Sample {
    var graph = Graph(name: "g")
    let x, h, y: ValueID
    let relu, add: NodeID

    init() {
      x = graph.addInput(name: "x", type: float)
      h = graph.append(OperatorID("Relu", version: 17), name: "relu", inputs: [x], output: "h", type: float)
      y = graph.append(OperatorID("Add", version: 17), name: "add", inputs: [h, x], output: "y", type: float)
      graph.addOutput(y)
      (relu, add) = (graph.order[0], graph.order[1])
    }

    func check(_ location: SourceLocation = #_sourceLocation) {
      #expect(graph.wrongLinks == [], sourceLocation: location)
      #expect(throws: Never.self, sourceLocation: location) { try graph.checkStructure() }
    }
  }

  private let tensor = Tensor(shape: [2], [1, 2] as [Float])

  @Test func links() {
    let sample = Sample()
    let graph = sample.graph
    #expect(graph.producer(of: sample.x) == nil && graph.producer(of: sample.h) == sample.relu)
    #expect(graph.consumers(of: sample.x) == [sample.relu, sample.add])
    #expect(graph.onlyConsumer(of: sample.h) == sample.add)
    #expect(graph.onlyConsumer(of: sample.x) == nil && graph.onlyConsumer(of: sample.y) == nil)
    #expect(graph.isOutput(sample.y) && !graph.isOutput(sample.h))
    #expect(graph.liveValues == [sample.x, sample.h, sample.y])
    sample.check()
  }

  /// A node that reads a value twice is its reader twice.
  @Test func updateRelinks() {
    var sample = Sample()
    sample.graph.update(sample.add) { $0.inputs = [sample.x, sample.x] }
    #expect(sample.graph.consumers(of: sample.x) == [sample.relu, sample.add, sample.add])
    #expect(sample.graph.consumers(of: sample.h) == [])
    #expect(sample.graph.onlyConsumer(of: sample.x) == nil)
    sample.check()
  }

  @Test func replaceTakesOverOutputs() {
    var sample = Sample()
    sample.graph.replace(
      sample.add, with: Node(OperatorID("Neg", version: 17), name: "neg", inputs: [sample.x], outputs: [sample.y]))
    #expect(sample.graph.order == [sample.relu, sample.add])
    #expect(sample.graph[sample.add].op.name == "Neg" && sample.graph.producer(of: sample.y) == sample.add)
    #expect(sample.graph.consumers(of: sample.h) == [])
    sample.check()
  }

  /// A replacement that writes another value leaves the first without a writer.
  @Test func replaceGivesUpOutputs() {
    var sample = Sample()
    let z = sample.graph.addValue(name: "z")
    sample.graph.replace(sample.add, with: Node(OperatorID("Neg", version: 17), inputs: [sample.h], outputs: [z]))
    #expect(sample.graph.producer(of: sample.y) == nil && sample.graph.producer(of: z) == sample.add)
    #expect(sample.graph.wrongLinks == [])
    #expect(throws: GraphError.undefinedValue(node: "output 'y'", value: "y")) { try sample.graph.checkStructure() }
  }

  @Test func replaceUsesInInputsOutputsAndCaptures() {
    var sample = Sample()
    var body = Graph(name: "body")
    let inside = body.addCapture(name: "inside", type: Self.float)
    body.addOutput(inside)
    let z = sample.graph.append(
      OperatorID("If", version: 17), name: "if", inputs: [sample.x],
      attributes: ["then_branch": .graph(Subgraph(body: body, captured: [sample.y]))], output: "z")
    sample.graph.addOutput(sample.y, name: "again")
    sample.graph.addOutput(z)
    sample.graph.replaceUses(of: sample.y, with: sample.h)
    #expect(sample.graph.outputs == [sample.h, sample.h, z])
    #expect(sample.graph.outputNames == ["y", "again", "z"])
    #expect(sample.graph.consumers(of: sample.y) == [])
    #expect(sample.graph.consumers(of: sample.h) == [sample.add, sample.graph.order[2]])
    #expect(sample.graph[sample.graph.order[2]].reads == [sample.x, sample.h])
    sample.check()
    sample.graph.replaceUses(of: sample.h, with: sample.h)
    sample.check()
  }

  /// Captures are read in the order of the attributes' names, whatever the order of the dictionary.
  @Test func readsHaveAnOrder() {
    var sample = Sample()
    let values = (0..<20).map { sample.graph.addInput(name: "v\($0)", type: Self.float) }
    var attributes: [String: Attribute] = [:]
    for (index, value) in values.enumerated() {
      var body = Graph(name: "body")
      body.addOutput(body.addCapture(name: "inside", type: Self.float))
      attributes["key\(index + 10)"] = .graph(Subgraph(body: body, captured: [value]))
    }
    let node = Node(OperatorID("F", version: 1), inputs: [sample.y, nil], outputs: [], attributes: attributes)
    #expect(node.reads == [sample.y] + values)
  }

  @Test func setConstantTakesTheWriter() {
    var sample = Sample()
    sample.graph.setConstant(tensor, for: sample.h)
    #expect(!sample.graph.contains(sample.relu) && sample.graph.order == [sample.add])
    #expect(sample.graph[sample.h].constant?.elements(Float.self) == [1, 2])
    #expect(sample.graph[sample.h].type == Self.float && sample.graph.producer(of: sample.h) == nil)
    #expect(
      sample.graph.consumers(of: sample.h) == [sample.add] && sample.graph.consumers(of: sample.x) == [sample.add])
    sample.check()
  }

  /// A writer with another result stays.
  @Test func setConstantLeavesOtherOutputs() {
    var sample = Sample()
    let (a, b) = (sample.graph.addValue(name: "a"), sample.graph.addValue(name: "b"))
    let split = sample.graph.append(
      Node(OperatorID("Split", version: 17), name: "split", inputs: [sample.y], outputs: [a, b]))
    sample.graph.setConstant(tensor, for: a)
    #expect(sample.graph[split].outputs == [nil, b] && sample.graph.producer(of: b) == split)
    sample.check()
    sample.graph.setConstant(tensor, for: b)
    #expect(!sample.graph.contains(split))
    sample.check()
  }

  @Test func appendBefore() {
    var sample = Sample()
    let z = sample.graph.append(
      OperatorID("Neg", version: 17), inputs: [sample.x], output: "z", before: sample.relu)
    #expect(sample.graph.producer(of: z) == sample.graph.order[0] && sample.graph.order[1] == sample.relu)
    sample.check()
  }

  @Test func removeDeadNodesFollowsChains() {
    var sample = Sample()
    let a = sample.graph.append(OperatorID("Neg", version: 17), inputs: [sample.y], output: "a")
    let b = sample.graph.append(OperatorID("Neg", version: 17), inputs: [a], output: "b")
    sample.graph.append(Node(OperatorID("Print", version: 1), inputs: [b], outputs: [nil]))
    sample.graph.removeDeadNodes()
    #expect(sample.graph.order == [sample.relu, sample.add])
    #expect(sample.graph.consumers(of: sample.y) == [])
    #expect(sample.graph.liveValues == [sample.x, sample.h, sample.y])
    sample.check()
  }

  /// A value that only a subgraph captures is in use.
  @Test func removeDeadNodesSeesCaptures() {
    var sample = Sample()
    let a = sample.graph.append(OperatorID("Neg", version: 17), inputs: [sample.x], output: "a")
    var body = Graph(name: "body")
    body.addOutput(body.addCapture(name: "inside", type: Self.float))
    let z = sample.graph.append(
      OperatorID("If", version: 17), inputs: [sample.x],
      attributes: ["then_branch": .graph(Subgraph(body: body, captured: [a]))], output: "z")
    sample.graph.addOutput(z)
    sample.graph.removeDeadNodes()
    #expect(sample.graph.order.count == 4)
    sample.check()
  }

  @Test func freshNames() {
    var sample = Sample()
    #expect(sample.graph.freshName("new") == "new")
    #expect(sample.graph.freshName("x") == "x_1")
    _ = sample.graph.addValue(name: "x_1")
    #expect(sample.graph.freshName("x") == "x_2")
    sample.graph.remove(sample.add)
    #expect(sample.graph.freshName("y") == "y_1")
  }

  // MARK: - Inlining

  /// A body with an input, a capture, a constant, a node that writes an output and an output that is the capture.
  @Test func inlineMovesNodesAndNames() throws {
    var sample = Sample()
    var body = Graph(name: "body")
    let p = body.addInput(name: "p", type: Self.float)
    let c = body.addCapture(name: "c", type: Self.float)
    let w = body.addConstant(name: "x", tensor)
    let s = body.append(OperatorID("Add", version: 17), name: "sum", inputs: [p, w], output: "s", type: Self.float)
    body.addOutput(body.append(OperatorID("Mul", version: 17), inputs: [s, c], output: "t", type: Self.float))
    body.addOutput(c)
    let (a, b) = (sample.graph.addValue(name: "a"), sample.graph.addValue(name: "b"))
    let call = sample.graph.append(
      Node(
        OperatorID("Call", version: 1), name: "call", inputs: [sample.y], outputs: [a, b],
        attributes: ["body": .graph(Subgraph(body: body, captured: [sample.h]))]))
    sample.graph.addOutput(a)
    sample.graph.addOutput(b)
    let subgraph = try #require(sample.graph[call].attributes["body"]?.subgraphs.first)
    sample.graph.inline(subgraph, inPlaceOf: call, arguments: [sample.y])

    #expect(!sample.graph.contains(call))
    let nodes = sample.graph.order.dropFirst(2).map { sample.graph[$0] }
    #expect(nodes.map(\.op.name) == ["Add", "Mul"] && nodes.map(\.name) == ["call/sum", ""])
    let names = nodes.map { $0.inputs.compactMap { $0.map { sample.graph[$0].name } } }
    #expect(names == [["y", "call/x"], ["call/s", "h"]])
    #expect(sample.graph.outputs == [sample.y, try #require(nodes[1].outputs[0]), sample.h])
    #expect(sample.graph.outputNames == ["y", "a", "b"])
    sample.check()
  }

  /// Two calls of one body, and a body whose names are taken already.
  @Test func inlineTwice() throws {
    var sample = Sample()
    var body = Graph(name: "body")
    let p = body.addInput(name: "p", type: Self.float)
    body.addOutput(body.append(OperatorID("Neg", version: 17), inputs: [p], output: "t", type: Self.float))
    let subgraph = Subgraph(body: body)
    for _ in 0..<2 {
      let z = sample.graph.append(
        OperatorID("Call", version: 1), name: "call", inputs: [sample.y], output: sample.graph.freshName("z"))
      sample.graph.addOutput(z)
      sample.graph.inline(subgraph, inPlaceOf: try #require(sample.graph.order.last), arguments: [sample.y])
    }
    #expect(sample.graph.outputs.dropFirst().map { sample.graph[$0].name } == ["call/t", "call/t_1"])
    sample.check()
  }

  // MARK: - Identifiers of nodes that are gone

  @Test func removedNodesStayRemoved() {
    var sample = Sample()
    sample.graph.remove(sample.add)
    #expect(!sample.graph.contains(sample.add))
    // Identifiers are not used again: a new node is another one.
    let z = sample.graph.append(OperatorID("Neg", version: 17), inputs: [sample.h], output: "z")
    sample.graph.replaceUses(of: sample.y, with: z)
    let before = sample.graph.order
    sample.graph.remove(sample.add)
    sample.graph.remove([sample.add])
    #expect(sample.graph.order == before && !sample.graph.contains(sample.add))
    sample.check()
  }

  @Test func identifiersOfOtherGraphs() {
    let sample = Sample()
    #expect(!Graph(name: "empty").contains(sample.add))
  }

  @Test func readingARemovedNodeTraps() async {
    await #expect(processExitsWith: .failure) {
      var sample = Sample()
      sample.graph.remove(sample.add)
      _ = sample.graph[sample.add]
    }
    await #expect(processExitsWith: .failure) {
      var sample = Sample()
      sample.graph.remove(sample.add)
      sample.graph.update(sample.add) { $0.name = "again" }
    }
    await #expect(processExitsWith: .failure) {
      var sample = Sample()
      sample.graph.remove(sample.add)
      sample.graph.append(Node(OperatorID("Neg", version: 17), inputs: [sample.h], outputs: []), before: sample.add)
    }
  }

  // MARK: - Anything in any order

  /// A thousand random changes, the links proven after each.
  @Test(arguments: 0..<8)
  func randomChanges(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var graph = Graph(name: "g")
    _ = graph.addInput(name: graph.freshName("v"), type: Self.float)
    func value() -> ValueID { Array(graph.valueIDs).randomElement(using: &random) ?? graph.inputs[0] }
    for _ in 0..<1000 {
      let node = graph.order.randomElement(using: &random)
      switch (Int.random(in: 0..<8, using: &random), node) {
      case (0, let node?): graph.remove(node)
      case (1, let node?):
        let (old, new) = (value(), value())
        graph.update(node) { $0.replaceReads { $0 == old ? new : $0 } }
      case (2, let node?):
        graph.replace(node, with: Node(OperatorID("Mul", version: 1), inputs: [value()], outputs: graph[node].outputs))
      case (3, _): graph.replaceUses(of: value(), with: value())
      case (4, let node?):
        if let output = graph[node].outputs.first, let output { graph.setConstant(tensor, for: output) }
      case (5, _) where Int.random(in: 0..<20, using: &random) == 0: graph.removeDeadNodes()
      case (6, _): graph.sort()
      default:
        let (a, b) = (value(), value())
        let outputs: [ValueID?] = (0..<Int.random(in: 1...2, using: &random)).map { _ in
          graph.addValue(name: graph.freshName("v"))
        }
        graph.append(Node(OperatorID("Add", version: 1), inputs: [a, nil, b], outputs: outputs), before: node)
      }
      #expect(graph.wrongLinks == [])
    }
    #expect(graph.valueIDs.contains { graph.producer(of: $0) != nil })
  }

  // MARK: - Order

  @Test func sortKeepsWhatItCan() {
    var sample = Sample()
    let z = sample.graph.append(OperatorID("Neg", version: 17), inputs: [sample.x], output: "z")
    let neg = sample.graph.order[2]
    sample.graph.update(sample.relu) { $0.inputs = [z] }
    #expect(throws: GraphError.undefinedValue(node: "relu", value: "z")) { try sample.graph.checkStructure() }
    #expect(sample.graph.sort() == nil)
    #expect(sample.graph.order == [neg, sample.relu, sample.add])
    sample.check()
    #expect(sample.graph.sort() == nil)
    #expect(sample.graph.order == [neg, sample.relu, sample.add])
  }

  @Test func sortNamesACycle() {
    var sample = Sample()
    sample.graph.update(sample.relu) { $0.inputs = [sample.y] }
    let node = sample.graph.sort()
    #expect(node == sample.relu || node == sample.add)
    #expect(sample.graph.order == [sample.relu, sample.add])
  }
}
