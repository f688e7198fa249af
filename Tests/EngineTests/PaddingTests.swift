import Engine
import Graph
import TestSupport
import Testing
import Zoo

/// Requests whose texts end in tokens that a mask hides.
struct PaddingTests {
  /// Sums of fewer terms are added in another order: rounding of the last bits grows through two layers to below this, relative
  /// to the largest output.
  private static let bound: Float = 1e-5

  private static func session(_ model: Model, skipPadding: Bool = true) throws -> Session {
    try Session(CompiledModel(model), options: SessionOptions(plan: PlanOptions(skipPadding: skipPadding)))
  }

  /// Random token ids, and a mask for these many real tokens in each text.
  private static func inputs(_ lengths: [Int], tokens: Int, of model: Model) -> [String: Tensor] {
    var random = SplitMix64(seed: UInt64(lengths.reduce(7) { $0 * 131 + $1 }))
    let shape = [lengths.count, tokens]
    var inputs: [String: Tensor] = [:]
    for id in model.graph.inputs {
      let name = model.graph[id].name
      let numbers = (0..<lengths.count * tokens).map { i -> Int64 in
        if name == "attention_mask" || name == "x1" { return i % tokens < lengths[i / tokens] ? 1 : 0 }
        return name == "token_type_ids" ? Int64(i % 2) : Int64(random.next() % 10 + 3)
      }
      inputs[name] = Tensor(shape: shape, numbers)
    }
    return inputs
  }

  private static func expectEqual(
    _ model: Model, _ inputs: [String: Tensor], location: SourceLocation = #_sourceLocation
  ) throws {
    let found = try session(model).run(inputs)
    let expected = try session(model, skipPadding: false).run(inputs)
    #expect(found.keys == expected.keys, sourceLocation: location)
    for (name, tensor) in expected {
      let a = try #require(found[name]?.elements(Float.self)), b = try #require(tensor.elements(Float.self))
      #expect(found[name]?.shape == tensor.shape, sourceLocation: location)
      let largest = b.map(abs).max() ?? 0
      #expect(zip(a, b).allSatisfy { abs($0 - $1) <= bound * largest }, sourceLocation: location)
    }
  }

  /// The tokens for which attention ran.
  private static func tokensRun(_ session: Session, _ inputs: [String: Tensor]) throws -> Int? {
    let steps = try session.profile(inputs.mapValues(RuntimeValue.tensor))
    return steps.first { $0.operation == "FusedAttention" }?.output?.shape?.dimensions[1].size
  }

  // MARK: - Classifiers

  @Test(arguments: [1, 7, 8, 9, 20, 24, 31, 32])
  func hiddenTokensAreNotComputed(real: Int) throws {
    let model = try ZooModel.tinyEncoder.build()
    let session = try Self.session(model)
    #expect(try session.plan().paddingMask == "attention_mask")
    let inputs = Self.inputs([real], tokens: 32, of: model)
    #expect(try Self.tokensRun(session, inputs) == (real + 7) / 8 * 8)
    try Self.expectEqual(model, inputs)
  }

  /// The longest text decides; symbolic sizes are those of each request.
  @Test(arguments: [[5, 9], [32, 1], [16, 16, 3]])
  func textsRunTogether(lengths: [Int]) throws {
    let model = try ZooModel.tinyEncoder.build(batch: .symbol("batch"), tokens: .symbol("sequence"))
    for tokens in [32, 45] {
      let inputs = Self.inputs(lengths, tokens: tokens, of: model)
      let longest = ((lengths.max() ?? 0) + 7) / 8 * 8
      #expect(try Self.tokensRun(Self.session(model), inputs) == longest)
      try Self.expectEqual(model, inputs)
    }
  }

  /// Positions that count tokens other than padding, as RoBERTa's do.
  @Test func positionsMayBeCountedFromTheTokens() throws {
    let model = try ZooModel.robertaTiny.build(tokens: 32)
    #expect(try Self.session(model).plan().paddingMask == "attention_mask")
    var inputs = Self.inputs([11], tokens: 32, of: model)
    let ids = (0..<32).map { Int64($0 < 11 ? 100 + $0 : 1) }
    inputs["input_ids"] = Tensor(shape: [1, 32], ids)
    #expect(try Self.tokensRun(Self.session(model), inputs) == 16)
    try Self.expectEqual(model, inputs)
  }

  /// Ones behind zeros, zeros alone, and numbers that are neither: all tokens are computed.
  @Test(
    arguments: [
      { i in i < 9 || i == 20 ? 1 : 0 }, { _ in 0 }, { i in i < 9 ? 2 : 0 }, { i in i == 0 ? 0 : 1 },
      { i in i < 9 ? 1 : i == 31 ? -1 : 0 },
    ] as [@Sendable (Int) -> Int64])
  func otherMasksRunWhole(mask: @Sendable (Int) -> Int64) throws {
    let model = try ZooModel.tinyEncoder.build()
    var inputs = Self.inputs([9], tokens: 32, of: model)
    inputs["attention_mask"] = Tensor(shape: [1, 32], (0..<32).map(mask))
    #expect(try Self.tokensRun(Self.session(model), inputs) == 32)
    try Self.expectEqual(model, inputs)
  }

  @Test func theOptionTurnsItOff() throws {
    let model = try ZooModel.tinyEncoder.build()
    let session = try Self.session(model, skipPadding: false)
    #expect(try session.plan().paddingMask == nil)
    #expect(try Self.tokensRun(session, Self.inputs([9], tokens: 32, of: model)) == 32)
  }

  // MARK: - What else may read the tokens

  /// A further output that an encoder's last vectors, or its mask, go into.
  enum Reader: String, CaseIterable {
    case identity, mean, softmaxOverTokens, product, last, lastByRange, sumFromBehind, maskSum
    case first, firstByRange, twentieth, sumFromFront, softmaxOverVector

    /// Whether it depends on no token behind the twentieth.
    var readsFewTokens: Bool {
      switch self {
      case .identity, .mean, .softmaxOverTokens, .product, .last, .lastByRange, .sumFromBehind, .maskSum: false
      case .first, .firstByRange, .twentieth, .sumFromFront, .softmaxOverVector: true
      }
    }

    /// Tokens that must be computed of texts of nine.
    var tokens: Int { readsFewTokens ? (self == .twentieth ? 24 : 16) : 32 }

    func add(to model: inout Model) throws {
      var graph = model.graph
      let norm = try #require(graph.order.last { graph[$0].op.name == "LayerNormalization" })
      let x = try #require(graph[norm].outputs[0])
      let mask = try #require(graph.inputs.first { graph[$0].name == "attention_mask" })
      func constant(_ numbers: [Int64], scalar: Bool = false) -> ValueID {
        graph.addConstant(name: graph.freshName("c"), Tensor(shape: scalar ? [] : [numbers.count], numbers))
      }
      func apply(_ op: String, _ inputs: [ValueID], _ attributes: [String: Attribute] = [:]) -> ValueID {
        graph.append(
          OperatorID(op, version: op == "Softmax" ? 13 : op == "CumSum" ? 14 : 13), inputs: inputs,
          attributes: attributes,
          output: graph.freshName("y"))
      }
      func token(_ index: Int64, of value: ValueID) -> ValueID {
        apply("Gather", [value, constant([index], scalar: true)], ["axis": .int(1)])
      }
      let read: ValueID =
        switch self {
        case .identity: apply("Identity", [x])
        case .mean: apply("ReduceMean", [x], ["axes": .ints([1])])
        case .softmaxOverTokens: token(0, of: apply("Softmax", [x], ["axis": .int(1)]))
        case .product: apply("MatMul", [apply("Transpose", [x], ["perm": .ints([0, 2, 1])]), x])
        case .last: token(-1, of: x)
        case .lastByRange: apply("Slice", [x, constant([-1]), constant([Int64.max]), constant([1])])
        case .sumFromBehind: token(0, of: apply("CumSum", [x, constant([1], scalar: true)], ["reverse": .int(1)]))
        case .maskSum:
          apply("ReduceSum", [apply("Cast", [mask], ["to": .int(1)]), constant([1])])
        case .first: token(0, of: x)
        case .firstByRange: apply("Slice", [x, constant([0]), constant([1]), constant([1])])
        case .twentieth: token(19, of: x)
        case .sumFromFront: token(3, of: apply("CumSum", [x, constant([1], scalar: true)]))
        case .softmaxOverVector: token(0, of: apply("Softmax", [x], ["axis": .int(2)]))
        }
      graph.addOutput(read, name: "read")
      model.graph = graph
    }
  }

  @Test(arguments: Reader.allCases)
  func whatElseReadsTheTokensDecides(reader: Reader) throws {
    var model = try ZooModel.tinyEncoder.build()
    try reader.add(to: &model)
    let session = try Self.session(model)
    #expect(try session.plan().paddingMask == (reader.readsFewTokens ? "attention_mask" : nil))
    let inputs = Self.inputs([9], tokens: 32, of: model)
    #expect(try Self.tokensRun(session, inputs) == reader.tokens)
    try Self.expectEqual(model, inputs)
  }

  /// A mask that hides by a number that scores could outweigh does not prove anything.
  @Test(arguments: [(-Float.greatestFiniteMagnitude, true), (-2e30, false), (-1e4, false)])
  func hiddenTokensMustCountForNothing(hidden: Float, isProof: Bool) throws {
    var model = try ZooModel.tinyEncoder.build()
    for value in Array(model.graph.valueIDs) where model.graph[value].constant?.elements(Float.self) == [-.infinity] {
      model.graph.setConstant(Tensor(shape: [1], [hidden]), for: value)
    }
    #expect(try Self.session(model).plan().paddingMask == (isProof ? "attention_mask" : nil))
    try Self.expectEqual(model, Self.inputs([9], tokens: 32, of: model))
  }

  /// Inputs that have no bytes of their own for each token are not cut.
  @Test(arguments: [DataType.float32, .uint8, .int4, .string])
  func inputsOfAnyTypeMayHaveTokens(type: DataType) throws {
    var model = try ZooModel.tinyEncoder.build()
    var graph = model.graph
    let further = graph.addInput(name: "further", type: .tensor(type, [1, 32]))
    let norm = try #require(graph.order.first { graph[$0].op.name == "LayerNormalization" })
    let x = try #require(graph[norm].inputs[0])
    let numbers = graph.append(
      OperatorID("Cast", version: 21), inputs: [further], attributes: ["to": .int(1)], output: "numbers", before: norm)
    let axis = graph.addConstant(name: "axis", Tensor(shape: [1], [Int64(2)]))
    let column = graph.append(
      OperatorID("Unsqueeze", version: 13), inputs: [numbers, axis], output: "column", before: norm)
    let sum = graph.append(OperatorID("Add", version: 14), inputs: [x, column], output: "sum", before: norm)
    graph.update(norm) { $0.inputs[0] = sum }
    model.graph = graph
    let isCut = type == .float32 || type == .uint8
    #expect(try Self.session(model).plan().paddingMask == (isCut ? "attention_mask" : nil))
    var inputs = Self.inputs([9], tokens: 32, of: model)
    inputs["further"] =
      type == .string
      ? Tensor(shape: [1, 32], strings: (0..<32).map { "\($0 % 7)" })
      : Tensor(
        dataType: type, shape: [1, 32],
        storage: TensorStorage(byteCount: type.byteCount(elements: 32)) { bytes in
          // Of floats the bytes of the sign and the exponent: -2 to 2, each token another.
          for i in bytes.indices {
            bytes[i] = type == .float32 ? [0, 0, UInt8(i / 4 * 4), i % 8 < 4 ? 0x3F : 0xBF][i % 4] : UInt8(i % 7)
          }
        })
    try Self.expectEqual(model, inputs)
  }

  /// An operator on the way of the tokens, and what else than tokens it reads.
  struct Passage: Sendable, CustomTestStringConvertible {
    let op: String
    var domain = ""
    var version = 13
    var attributes: [String: Attribute] = [:]
    /// Further inputs for vectors of a width; nil is the tokens again.
    var others: @Sendable (_ width: Int) -> [Tensor?] = { _ in [] }
    /// The output that goes on, of how many.
    var output = (index: 0, count: 1)
    var keepsTokensApart = true
    var isHalfOfTheTokens: Bool { op == "Split" && !keepsTokensApart }
    var testDescription: String { "\(domain)\(op)" }

    /// One element for each of a vector.
    static func vector(_ width: Int) -> [Tensor?] { [Tensor(shape: [width], (0..<width).map { Float($0 % 5) / 4 })] }
    static let microsoft = "com.microsoft"
  }

  /// Operators whose lowerings say how axes go through them, and some that do not keep tokens apart.
  static let passages: [Passage] = [
    Passage(op: "Celu", version: 12), Passage(op: "Mish", version: 18), Passage(op: "Softsign", version: 22),
    Passage(op: "Sin", version: 22), Passage(op: "Cos", version: 22), Passage(op: "Atan", version: 22),
    Passage(op: "ThresholdedRelu", version: 22), Passage(op: "Shrink", version: 9),
    Passage(op: "Mean", others: { _ in [nil] }), Passage(op: "CastLike", version: 15, others: Passage.vector),
    Passage(op: "LogSoftmax"), Passage(op: "Hardmax"),
    Passage(op: "LogSoftmax", version: 11, attributes: ["axis": .int(2)]),
    Passage(op: "RMSNormalization", version: 23, others: Passage.vector),
    Passage(op: "Tile", others: { _ in [Tensor(shape: [3], [1, 1, 1] as [Int64])] }),
    Passage(
      op: "Split", attributes: ["axis": .int(2)],
      others: { width in [Tensor(shape: [2], [Int64(width - 1), 1])] }, output: (1, 2)),
    Passage(op: "Gelu", domain: Passage.microsoft, version: 1),
    Passage(op: "QuickGelu", domain: Passage.microsoft, version: 1),
    Passage(op: "FastGelu", domain: Passage.microsoft, version: 1, others: Passage.vector),
    Passage(op: "BiasGelu", domain: Passage.microsoft, version: 1, others: Passage.vector),
    Passage(
      op: "Split", attributes: ["axis": .int(1)], others: { _ in [Tensor(shape: [2], [16, 16] as [Int64])] },
      output: (1, 2), keepsTokensApart: false),
    Passage(op: "LogSoftmax", attributes: ["axis": .int(1)], keepsTokensApart: false),
    Passage(op: "LogSoftmax", version: 11, keepsTokensApart: false),
    Passage(op: "Trilu", version: 14, keepsTokensApart: false),
  ]

  @Test(arguments: passages)
  func tokensPassOperators(passage: Passage) throws {
    var model = try ZooModel.tinyEncoder.build()
    var graph = model.graph
    let norm = try #require(graph.order.first { graph[$0].op.name == "LayerNormalization" })
    let x = try #require(graph[norm].inputs[0])
    let width = try #require(graph[norm].inputs[1].flatMap { graph[$0].constant?.count })
    let others = passage.others(width).map { other in
      other.map { graph.addConstant(name: graph.freshName("other"), $0) } ?? x
    }
    let outputs = (0..<passage.output.count).map { graph.addValue(name: "part\($0)") }
    graph.append(
      Node(
        OperatorID(passage.op, domain: passage.domain, version: passage.version), name: "passage",
        inputs: [x] + others, outputs: outputs, attributes: passage.attributes), before: norm)
    let part = outputs[passage.output.index]
    let whole =
      passage.isHalfOfTheTokens
      ? graph.append(
        OperatorID("Concat", version: 13), inputs: [part, part], attributes: ["axis": .int(1)], output: "whole",
        before: norm)
      : part
    // One column of the vectors is broadcast to all.
    let sum = graph.append(OperatorID("Add", version: 14), inputs: [x, whole], output: "sum", before: norm)
    graph.update(norm) { $0.inputs[0] = sum }
    model.graph = graph
    #expect(try Self.session(model).plan().paddingMask == (passage.keepsTokensApart ? "attention_mask" : nil))
    let inputs = Self.inputs([9], tokens: 32, of: model)
    #expect(try Self.tokensRun(Self.session(model), inputs) == (passage.keepsTokensApart ? 16 : 32))
    try Self.expectEqual(model, inputs)
  }

  /// An index that no axis has is the error that it is without skipping, not the end of the process.
  @Test(arguments: [Int64.max, 32, -33, Int64.min], [true, false])
  func anIndexThatNoAxisHasIsAnError(index: Int64, skipPadding: Bool) throws {
    var model = try ZooModel.tinyEncoder.build()
    let pooler = try #require(model.graph.order.last { model.graph[$0].op.name == "Gather" })
    let constant = model.graph.addConstant(name: "far", Tensor(scalar: index))
    model.graph.update(pooler) { $0.inputs[1] = constant }
    #expect {
      _ = try Self.session(model, skipPadding: skipPadding).run(Self.inputs([9], tokens: 32, of: model))
    } throws: {
      if case EngineError.model(_, .invalidValue) = $0 { true } else { false }
    }
  }

  /// A node that does not take fewer tokens is found before the plan says that it skips some.
  @Test func whatCannotBeCutIsNotSkipped() throws {
    var model = try ZooModel.tinyEncoder.build()
    let norm = try #require(model.graph.order.last { model.graph[$0].op.name == "LayerNormalization" })
    let x = try #require(model.graph[norm].inputs[0])
    let width = try #require(model.graph[norm].inputs[1].flatMap { model.graph[$0].constant?.count })
    let scale = model.graph.addConstant(
      name: "scale", Tensor(shape: [32, width], (0..<32 * width).map { Float($0 % 5) }))
    model.graph.update(norm) { $0.inputs = [x, scale] }
    let session = try Self.session(model)
    let inputs = Self.inputs([9], tokens: 32, of: model)
    #expect(try session.plan().paddingMask == nil)
    #expect(try Self.tokensRun(session, inputs) == 32)
    try Self.expectEqual(model, inputs)
  }

  // MARK: - Exports

  /// Exports give the vectors of all tokens; with the first token's alone, they are like classifiers.
  @Test(arguments: [
    "bert_dynamic", "bert_dynamo", "bert_eager_opset13", "bert_eager_opset17", "bert_sdpa_opset14", "bert_sdpa_opset17",
    "distilbert", "roberta_dynamic",
  ])
  func exportsOfPyTorch(fixture: String) throws {
    var model = try Model(contentsOf: Fixture.model(fixture))
    let shapes = Dictionary(uniqueKeysWithValues: model.graph.inputs.map { (model.graph[$0].name, [1, 9]) })
    #expect(try Self.session(model).plan(forShapes: shapes).paddingMask == nil)
    let vectors = try #require(model.graph.outputs.first)
    let first = model.graph.addValue(name: "first")
    model.graph.replaceUses(of: vectors, with: first)
    let zero = model.graph.addConstant(name: "zero", Tensor(scalar: Int64(0)))
    model.graph.append(
      Node(OperatorID("Gather", version: 13), inputs: [vectors, zero], outputs: [first], attributes: ["axis": .int(1)]))
    #expect(try Self.session(model).plan(forShapes: shapes).paddingMask == "x1")
    for real in [1, 5, 8, 9] {
      let inputs = Self.inputs([real], tokens: 9, of: model)
      #expect(try Self.tokensRun(Self.session(model), inputs) == (real < 9 ? 8 : 9))
      try Self.expectEqual(model, inputs)
    }
  }

  // MARK: - Lengths

  @Test(arguments: [(128, 8), (136, 16), (512, 32)])
  func aFewPlansServeAllLengths(tokens: Int, step: Int) throws {
    let model = try ZooModel.robertaTiny.build(tokens: .known(tokens))
    let session = try Self.session(model)
    #expect(tokens <= 16 * step)
    for real in [1, step + 1] {
      let inputs = Self.inputs([real], tokens: tokens, of: model)
      #expect(try Self.tokensRun(session, inputs) == (real + step - 1) / step * step)
    }
  }

  // MARK: - Threads

  /// Plans of all lengths share their memory by lending it; requests that run at once must not meet in it.
  @Test(arguments: [1, 2])
  func requestsOfDifferentLengthsMayRunAtOnce(threads: Int) async throws {
    let model = try ZooModel.tinyEncoder.build(batch: .symbol("batch"), tokens: .symbol("sequence"))
    let session = try Session(CompiledModel(model), options: SessionOptions(threads: threads))
    let lengths = [[1], [9], [32], [17, 3], [24], [8, 32], [32, 31], [12]]
    func logits(_ lengths: [Int]) throws -> [Float] {
      try #require(try session.run(Self.inputs(lengths, tokens: 32, of: model))["logits"]?.elements(Float.self))
    }
    let expected = try lengths.map { try logits($0) }
    #expect(Set(expected).count == lengths.count)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in lengths.indices {
        group.addTask {
          let request = try InferenceRequest(
            session, shapes: Self.inputs([1], tokens: 32, of: model).mapValues(\.shape))
          for round in 0..<8 {
            let number = (task + round) % lengths.count
            if try logits(lengths[number]) != expected[number] { return false }
            guard lengths[number].count == 1 else { continue }
            for (name, tensor) in Self.inputs(lengths[number], tokens: 32, of: model) {
              try request.setInput(name, to: tensor)
            }
            try request.run()
            if try request.output("logits").tensor?.elements(Float.self) != expected[number] { return false }
          }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  // MARK: - Requests in memory

  @Test func requestsMayChangeTheirLength() throws {
    let model = try ZooModel.tinyEncoder.build(batch: 2)
    let request = try InferenceRequest(Self.session(model))
    let plain = try Self.session(model, skipPadding: false)
    for lengths in [[9, 3], [32, 32], [1, 1], [9, 12], [17, 30]] {
      let inputs = Self.inputs(lengths, tokens: 32, of: model)
      for (name, tensor) in inputs { try request.setInput(name, to: tensor) }
      try request.run()
      let expected = try #require(try plain.run(inputs)["logits"]?.elements(Float.self))
      let found = try request.withOutput("logits") { (logits: Span<Float>) in logits.indices.map { logits[$0] } }
      let largest = expected.map(abs).max() ?? 0
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= Self.bound * largest })
      #expect(try request.output("logits").tensor?.elements(Float.self) == found)
    }
  }
}
