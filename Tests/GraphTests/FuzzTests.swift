import Graph
import TestSupport
import Testing

/// Whatever the bytes are, the reader ends with an error that names the file or with a well-formed model, in time and memory
/// that the file's size bounds.
struct FuzzTests {
  /// A model with what the format can hold: tensors raw, typed and sparse, subgraphs, functions, strings.
  private let seed: [UInt8] = {
    let function: [ProtoBytes] = [
      .text(1, "scaled"), .text(10, "local"), .text(4, "a"), .text(5, "c"), .text(6, "alpha"), .message(9, .int(2, 17)),
      .node(
        "LeakyRelu", ["a"], ["b"], attributes: .message(5, .text(1, "alpha"), .text(21, "alpha"), .int(20, 1)), field: 7
      ),
      .node("Neg", ["b"], ["c"], field: 7),
    ]
    let constants: [ProtoBytes] = [
      .initializer(.tensor(1, [2, 2], name: "w", .data(9, [UInt8](repeating: 1, count: 16)))),
      .initializer(.tensor(7, [3], name: "typed", .packed(7, [1, -2, 300]))),
      .initializer(.tensor(21, [3], name: "packed", .packed(5, [0x21, 3]))),
      .initializer(.tensor(8, [2], name: "strings", .text(6, "one"), .text(6, "two"))),
      .message(
        15, .message(1, .tensor(1, [1], name: "sparse", .data(9, [0, 0, 0, 0]))),
        .message(2, .tensor(7, [1, 2], .packed(7, [1, 1]))), .int(3, 2), .int(3, 2)),
    ]
    let branches: [ProtoBytes] = [
      .graphAttribute("then_branch", .text(2, "t"), .node("Add", ["s", "w"], ["t"]), .output("t")),
      .graphAttribute("else_branch", .text(2, "e"), .node("Sub", ["s", "sparse"], ["e"]), .output("e")),
    ]
    let attributes: [ProtoBytes] = [
      .message(5, .text(1, "pads"), .int(20, 7), .int(8, 1), .int(8, 2)),
      .message(5, .text(1, "value"), .int(20, 4), .data(5, ProtoBytes.tensor(10, [1], .packed(5, [15360])).bytes)),
    ]
    let nodes: [ProtoBytes] = [
      .node("MatMul", ["x", "w"], ["h"], name: "product"),
      .node("scaled", ["h"], ["s"], name: "call", domain: "local"),
      .node("If", ["condition"], ["y"], name: "choice", attributes: ProtoBytes(branches)),
      .node("Conv", ["y"], ["z"], name: "more", attributes: ProtoBytes(attributes)),
    ]
    return ProtoBytes.model(
      functions: [ProtoBytes(function)],
      graph: .text(2, "g"), .input("x"), .input("condition"), .output("y"), .output("z"), ProtoBytes(constants),
      ProtoBytes(nodes))
  }()

  /// Reads bytes that may be anything, and passes on whether they were a model.
  private func survives(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try Model(bytes: bytes, source: "fuzz.onnx")  // proves its structure before it returns
      return true
    } catch {
      if case .malformed("fuzz.onnx", _) = error { return false }
      Issue.record("\(error) does not name the file")
      return false
    }
  }

  @Test func theSeedIsAModel() throws {
    #expect(survives(seed))
    let model = try Model(bytes: seed, source: "seed")
    #expect(model.graph.order.map { model.graph[$0].op.name } == ["MatMul", "LeakyRelu", "Neg", "If", "Conv"])
  }

  @Test func everyTruncation() {
    for count in seed.indices { _ = survives(Array(seed[..<count])) }
  }

  @Test func hundredThousandBitFlips() {
    var random = SplitMix64(seed: 1)
    var models = 0
    for _ in 0..<100_000 {
      var bytes = seed
      bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      if survives(bytes) { models += 1 }
    }
    // Most flips hit names and numbers: neither all models nor none may remain.
    #expect((1_000...99_000).contains(models))
  }

  @Test func randomBytesAndDoubledPieces() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let start = Int.random(in: bytes.indices, using: &random)
      let piece = bytes[start..<min(bytes.count, start + Int.random(in: 0...40, using: &random))]
      bytes.insert(contentsOf: piece, at: Int.random(in: bytes.indices, using: &random))
      _ = survives(bytes)
    }
  }

  /// 5,000 graphs, each in a node of the one around, overflow the stack of a reader that follows them.
  @Test func deepNesting() {
    func nested(_ levels: Int) -> [UInt8] {
      var graph = ProtoBytes.node("Relu", ["x"], ["y"])
      for _ in 1..<levels {
        graph = .node("If", ["x"], ["y"], attributes: .message(5, .text(1, "g"), .data(6, graph.bytes)))
      }
      return ProtoBytes.model(graph: .input("x"), graph)
    }
    let deep = nested(5_000)
    #expect((50_000..<200_000).contains(deep.count))
    #expect(!survives(deep))
    #expect(survives(nested(64)))
    #expect(!survives(nested(65)))
  }

  @Test func deepTypes() {
    var type = ProtoBytes.message(1, .int(1, 1))
    for _ in 0..<5_000 { type = .message(4, .data(1, type.bytes)) }
    #expect(!survives(ProtoBytes.model(graph: .message(11, .text(1, "x"), .data(2, type.bytes)))))
  }

  private static let lies: [ProtoBytes] = [
    .tensor(1, [1 << 40], name: "w", .data(9, [0, 0, 0, 0])),
    .tensor(1, [1 << 31, 1 << 31, 4], name: "w", .data(9, [])),
    .tensor(1, [1 << 62, 1 << 62, 0], name: "w", .data(9, [])),
    .tensor(1, [0, 1 << 62, 1 << 62], name: "w", .data(9, [])),
    .tensor(1, [-1], name: "w", .data(9, [])),
    .tensor(1, [.max], name: "w", .data(9, [])),
    .tensor(1, [.min], name: "w"),
    .tensor(7, [1 << 40], name: "w", .packed(7, [1, 2, 3])),
    .tensor(8, [1 << 40], name: "w", .text(6, "one")),
    .tensor(22, [.max], name: "w", .packed(5, [1])),
    .tensor(1, [1 << 50], name: "w"),
    .tensor(1, [4], name: "w", .data(9, [0], claimedLength: 1 << 40)),
    .tensor(99, [1], name: "w", .data(9, [0])),
    .tensor(1, [2], name: "w", .data(9, [0, 0, 0, 0]), .data(9, [0, 0, 0, 0])),
    .tensor(1, [1], name: "w", .data(9, [0, 0, 0, 0]), .data(4, [0, 0, 0, 0])),
    .tensor(1, [1], name: "w", .packed(5, [1])),
    .tensor(1, [1], name: "w", .data(4, [0, 0, 0])),
    .tensor(1, [1], name: "w", .data(9, [0, 0, 0, 0]), .message(3, .int(1, 0), .int(2, 1))),
  ]

  /// Tensors that claim more than they hold must be refused before anything is allocated for them.
  @Test(arguments: lies)
  func sizesThatLie(tensor: ProtoBytes) {
    #expect(!survives(ProtoBytes.model(graph: .initializer(tensor))))
  }

  /// A dense form far beyond the file, and one that many sparse tensors have together.
  @Test func sparseTensorsThatExplode() {
    func sparse(_ name: String, _ size: Int) -> ProtoBytes {
      .message(
        15, .message(1, .tensor(1, [1], name: name, .data(9, [0, 0, 0, 0]))),
        .message(2, .tensor(7, [1], .packed(7, [0]))),
        .int(3, size))
    }
    #expect(!survives(ProtoBytes.model(graph: sparse("w", 1 << 40))))
    #expect(!survives(ProtoBytes.model(graph: sparse("w", 1 << 30))))
    let many = ProtoBytes((0..<1_000).map { sparse("w\($0)", 1 << 20) })
    #expect(!survives(ProtoBytes.model(graph: many)))
  }

  /// Empty messages take two bytes in the file and hundreds in memory.
  @Test(arguments: [1, 5, 11, 12, 15])
  func floodOfEmptyMessages(field: Int) {
    let flood = ProtoBytes([ProtoBytes](repeating: .message(field), count: 500_000))
    #expect(!survives(ProtoBytes.model(graph: flood)))
  }

  /// Each function calls the next one ten times: thirty functions stand for 10^30 nodes.
  @Test func functionsThatExplode() {
    let functions = (0..<30).map { level in
      ProtoBytes(
        [.text(1, "f\(level)"), .text(10, "local"), .text(4, "x"), .text(5, "y9")]
          + (0..<10).map { .node("f\(level + 1)", ["x"], ["y\($0)"], domain: level < 29 ? "local" : "", field: 7) })
    }
    #expect(
      !survives(ProtoBytes.model(functions: functions, graph: .input("x"), .node("f0", ["x"], ["y"], domain: "local"))))
  }

  @Test func functionsThatNestTooDeepOrCallThemselves() {
    func chain(_ length: Int, last: String) -> [UInt8] {
      let functions = (0..<length).map { level in
        let next = level == length - 1 ? last : "f\(level + 1)"
        return ProtoBytes(
          .text(1, "f\(level)"), .text(10, "local"), .text(4, "x"), .text(5, "y"),
          .node(next, ["x"], ["y"], domain: next == "Relu" ? "" : "local", field: 7))
      }
      return ProtoBytes.model(
        functions: functions, graph: .input("x"), .node("f0", ["x"], ["y"], domain: "local"), .output("y"))
    }
    #expect(survives(chain(60, last: "Relu")))
    #expect(!survives(chain(10_000, last: "Relu")))
    #expect(!survives(chain(3, last: "f0")))
    #expect(!survives(chain(1, last: "f0")))
  }
}
