import Foundation
import Graph
import TestSupport
import Testing

/// What the reader makes of models' structure: order, captures, functions, constants; and what it says of faults.
struct ReaderTests {
  private func read(_ bytes: [UInt8]) throws(GraphError) -> Model { try Model(bytes: bytes, source: "m.onnx") }

  private func operators(_ graph: Graph) -> [String] { graph.order.map { graph[$0].op.name } }

  private func fixture(_ name: String) throws -> Model {
    try Model(contentsOf: "\(RoundTripTests.folder)/\(name)/model.onnx")
  }

  /// The faults of a graph, each with what the message must say.
  private static let faults: [(fault: String, graph: ProtoBytes, message: String)] = [
    (
      "missing", ProtoBytes(.node("Relu", ["no"], ["y"], name: "r")), "node 'r': reads value 'no', which nothing writes"
    ),
    ("output", ProtoBytes(.output("y")), "node 'output 'y' of graph '''"),
    (
      "two writers",
      ProtoBytes(.input("x"), .node("Relu", ["x"], ["y"], name: "a"), .node("Neg", ["x"], ["y"], name: "b")),
      "node 'b': writes value 'y', which is defined already"
    ),
    ("input written", ProtoBytes(.input("x"), .node("Relu", ["x"], ["x"])), "node 'Relu #0': writes value 'x'"),
    ("input twice", ProtoBytes(.input("x"), .input("x")), "input 'x'"),
    (
      "cycle", ProtoBytes(.node("Relu", ["b"], ["a"], name: "p"), .node("Neg", ["a"], ["b"], name: "q")),
      "is on a cycle"
    ),
    ("domain", ProtoBytes(.input("x"), .node("F", ["x"], ["y"], domain: "other")), "operator set 'other'"),
    ("no operator", ProtoBytes(.input("x"), .node("", ["x"], ["y"])), "has no operator"),
    (
      "reference",
      ProtoBytes(
        .node("Relu", [], ["y"], name: "r", attributes: .message(5, .text(1, "a"), .text(21, "b"), .int(20, 2)))),
      "a reference to 'b'"
    ),
    (
      "attribute twice",
      ProtoBytes(
        .node(
          "Relu", [], ["y"], name: "r",
          attributes: ProtoBytes(.message(5, .text(1, "a"), .int(20, 2)), .message(5, .text(1, "a"), .int(20, 2))))),
      "attribute 'a' is given twice"
    ),
    (
      "not text",
      ProtoBytes(
        .node("Relu", [], ["y"], name: "r", attributes: .message(5, .text(1, "a"), .int(20, 3), .data(4, [0xFF])))),
      "text in UTF-8"
    ),
    ("zero byte", ProtoBytes(.node("Re\0lu", [], ["y"])), "zero byte"),
    (
      "size", ProtoBytes(.initializer(.tensor(1, [3], name: "w", .data(9, [0])))),
      "initializer 'w': raw_data has 1 bytes where float[3] takes 12"
    ),
    (
      "element type", ProtoBytes(.message(11, .text(1, "x"), .message(2, .message(1, .int(1, 99))))),
      "node 'input 'x'': element type 99 is not one of ONNX"
    ),
    (
      "key type", ProtoBytes(.message(11, .text(1, "x"), .message(2, .message(5, .int(1, 77))))),
      "element type 77 is not one of ONNX"
    ),
    ("external", ProtoBytes(.initializer(.tensor(1, [1], name: "w", .int(14, 1)))), "was not read from a folder"),
  ]

  @Test(arguments: faults.indices)
  func namesTheFault(index: Int) {
    let (_, graph, message) = Self.faults[index]
    do {
      _ = try read(ProtoBytes.model(graph: graph))
      Issue.record("no error")
    } catch {
      guard case .malformed("m.onnx", let what) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(what.contains(message))
    }
  }

  @Test func missingFileAndFolder() throws {
    #expect(throws: GraphError.unreadable(file: "/no/model.onnx", reason: "No such file or directory")) {
      try Model(contentsOf: "/no/model.onnx")
    }
    let folder = try TemporaryFolder()
    #expect(throws: GraphError.unreadable(file: folder.path, reason: "not a regular file")) {
      try Model(contentsOf: folder.path)
    }
    let pipe = folder.file("pipe.onnx")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: GraphError.unreadable(file: pipe, reason: "not a regular file")) {
      try Model(contentsOf: pipe)
    }
    #expect(throws: GraphError.malformed(file: "empty", what: "it holds no graph")) {
      try Model(bytes: [], source: "empty")
    }
  }

  @Test func sortsNodes() throws {
    let model = try read(
      ProtoBytes.model(
        graph: .input("x"), .output("c"), .node("Tanh", ["b"], ["c"]), .node("Neg", ["a"], ["b"]),
        .node("Relu", ["x"], ["a"])))
    #expect(operators(model.graph) == ["Relu", "Neg", "Tanh"])
  }

  @Test func constantsAreNoInputs() throws {
    let weight = ProtoBytes.initializer(.tensor(1, [1], name: "w", .data(9, [0, 0, 128, 63])))
    for version in [3, 8] {
      let model = try read(
        ProtoBytes.model(irVersion: version, graph: .input("x"), .input("w"), weight, .node("Add", ["x", "w"], ["y"])))
      #expect(model.graph.inputs.map { model.graph[$0].name } == ["x"])
      let add = try #require(model.graph.order.first)
      let w = try #require(model.graph[add].inputs[1])
      #expect(model.graph[w].constant?.elements(Float.self) == [1])
    }
  }

  /// Raw elements stay where they are in the file; no copy is made.
  @Test func weightsStayInTheMap() throws {
    let model = try fixture("conv_7x7_stem")
    let owned = model.graph.valueIDs.compactMap { model.graph[$0].constant }.filter { tensor in
      guard case .bytes(let storage) = tensor.contents else { return false }
      return storage.ownsMemory
    }
    #expect(owned.isEmpty)
  }

  /// A value passes through two levels: each graph between captures it.
  @Test func capturesThroughSeveralLevels() throws {
    let inner = ProtoBytes.graphAttribute("then_branch", .node("Add", ["x", "w"], ["t"]), .output("t"))
    let outer = ProtoBytes.graphAttribute("then_branch", .node("If", ["c"], ["s"], attributes: inner), .output("s"))
    let model = try read(
      ProtoBytes.model(
        graph: .input("x"), .input("c"), .output("y"), .node("If", ["c"], ["y"], attributes: outer),
        .initializer(.tensor(1, [1], name: "w", .data(9, [0, 0, 0, 0])))))
    let graph = model.graph
    guard case .graph(let first)? = graph[graph.order[0]].attributes["then_branch"] else {
      Issue.record("no branch")
      return
    }
    #expect(Set(first.captured.map { graph[$0].name }) == ["c", "x", "w"])
    guard case .graph(let second)? = first.body[first.body.order[0]].attributes["then_branch"] else {
      Issue.record("no inner branch")
      return
    }
    #expect(second.captured.map { first.body[$0].name } == ["x", "w"])
    #expect(second.body.captures.map { second.body[$0].name } == ["x", "w"])
  }

  @Test func functionsAreInlined() throws {
    let model = try fixture("function_calls_function")
    #expect(operators(model.graph) == ["Tanh", "Add", "Tanh", "Add", "Mul"])
    #expect(model.graph.order.allSatisfy { model.graph[$0].op.version == 17 && model.graph[$0].op.domain.isEmpty })
    let names = model.graph.valueIDs.map { model.graph[$0].name }
    #expect(Set(names).count == names.count)

    let gates = try fixture("function_of_the_model").graph
    let alphas = gates.order.compactMap { id -> Float? in
      if case .float(let alpha)? = gates[id].attributes["alpha"] { alpha } else { nil }
    }
    #expect(alphas == [0.3, 0.7])
  }

  /// A function with its own operator set, a default attribute and a graph as attribute, which captures where it was written.
  @Test func functionsBringVersionsDefaultsAndGraphs() throws {
    let function = ProtoBytes(
      .text(1, "f"), .text(10, "local"), .text(4, "c"), .text(5, "y"), .text(5, "same"), .text(6, "body"),
      .message(9, .int(2, 13)), .message(11, .text(1, "alpha"), .float(2, 0.5), .int(20, 1)),
      .node(
        "If", ["c"], ["r"],
        attributes: ProtoBytes(
          .message(5, .text(1, "then_branch"), .text(21, "body"), .int(20, 5)),
          .message(5, .text(1, "absent"), .text(21, "not_given"), .int(20, 5))), field: 7),
      .node("Elu", ["r"], ["y"], attributes: .message(5, .text(1, "alpha"), .text(21, "alpha"), .int(20, 1)), field: 7),
      .node("Identity", ["c"], ["same"], field: 7))
    let body = ProtoBytes.graphAttribute("body", .node("Neg", ["x"], ["t"]), .output("t"))
    let graph = try read(
      ProtoBytes.model(
        functions: [function],
        graph: .input("x"), .input("k"), .output("y"),
        .node("f", ["k"], ["y", "s"], name: "call", domain: "local", attributes: body))
    ).graph
    #expect(graph.order.map { graph[$0].op.description } == ["If-13", "Elu-13", "Identity-13"])
    let choice = graph[graph.order[0]]
    #expect(choice.attributes.keys.sorted() == ["then_branch"])
    #expect(choice.attributes["then_branch"]?.subgraphs.first?.captured.map { graph[$0].name } == ["x"])
    guard case .float(0.5)? = graph[graph.order[1]].attributes["alpha"] else {
      Issue.record("the default of alpha is missing")
      return
    }
  }

  @Test func sparseTensorsBecomeDense() throws {
    let graph = try fixture("sparse_initializers").graph
    let constants = graph.valueIDs.compactMap { graph[$0].constant }
    #expect(constants.contains { $0.shape.count == 2 && ($0.elements(Float.self) ?? []).contains(0) })
  }

  /// Elements in typed fields, as onnx.proto defines them for each type.
  @Test func typedFields() throws {
    func elements(_ type: Int, _ count: Int, _ contents: ProtoBytes...) throws -> [UInt8] {
      let bytes = ProtoBytes.tensor(type, [count], ProtoBytes(contents)).bytes
      guard case .tensor(let tensor) = try ONNXValue(bytes: bytes, source: "t") else { return [] }
      return tensor.withBytes { span in span.indices.map { span[$0] } } ?? []
    }
    let one: [UInt8] = [0, 0, 128, 63]
    #expect(try elements(1, 2, .data(4, one + one)) == one + one)
    #expect(try elements(1, 2, .data(4, one), .data(4, one)) == one + one)
    #expect(try elements(1, 2, .float(4, 1), .float(4, 1)) == one + one)
    #expect(try elements(14, 1, .data(4, one + one)) == one + one)
    #expect(try elements(3, 2, .packed(5, [-1, 5])) == [255, 5])
    #expect(try elements(6, 1, .int(5, -2)) == [254, 255, 255, 255])
    #expect(try elements(10, 1, .packed(5, [0x3C00])) == [0, 0x3C])
    #expect(try elements(16, 1, .packed(5, [0x3F80])) == [0x80, 0x3F])
    #expect(try elements(17, 1, .packed(5, [0x38])) == [0x38])
    #expect(try elements(9, 2, .packed(5, [0, 1])) == [0, 1])
    #expect(try elements(22, 3, .packed(5, [0xF1, 0x07])) == [0xF1, 0x07])
    #expect(try elements(26, 5, .packed(5, [0xE4, 0x01])) == [0xE4, 0x01])
    #expect(try elements(27, 4, .packed(5, [1, 2, 3, 63])) == [0x81, 0x30, 0xFC])
    #expect(try elements(27, 2, .packed(5, [63, 63])) == [0xFF, 0x0F])
    #expect(try elements(7, 1, .packed(7, [-1])) == [UInt8](repeating: 255, count: 8))
    #expect(try elements(12, 1, .packed(11, [0xFFFF_FFFF])) == [255, 255, 255, 255])
    #expect(try elements(13, 1, .packed(11, [1])) == [1, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func sequencesAndOptionals() throws {
    let tensor = ProtoBytes.tensor(1, [1], .data(9, [0, 0, 128, 63]))
    let type = ValueType.tensor(.float32, nil)
    let sequence = ProtoBytes(.int(2, 1), .data(3, tensor.bytes), .data(3, tensor.bytes)).bytes
    guard case .sequence(let elements) = try ONNXValue(bytes: sequence, source: "s", type: .sequence(type)) else {
      Issue.record("no sequence")
      return
    }
    #expect(elements.count == 2)
    let some = try ONNXValue(
      bytes: ProtoBytes(.int(2, 1), .data(3, tensor.bytes)).bytes, source: "o", type: .optional(type))
    guard case .optional(.tensor(let inner)?) = some else {
      Issue.record("no tensor in an optional")
      return
    }
    #expect(inner.elements(Float.self) == [1])
    guard case .optional(nil) = try ONNXValue(bytes: [], source: "o", type: .optional(type)) else {
      Issue.record("something in an empty optional")
      return
    }
  }
}
