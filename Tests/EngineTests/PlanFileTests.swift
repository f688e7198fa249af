import Engine
import Foundation
import Graph
import Kernels
import TestSupport
import Testing
import Zoo

/// Plan files give what the model gives, or an error that says what is wrong with them.
struct PlanFileTests {
  private static func inputs(of model: Model, _ shapes: [String: [Int]] = [:]) -> [String: Tensor] {
    var random = SplitMix64(seed: 3)
    var inputs: [String: Tensor] = [:]
    for input in model.graph.inputs {
      let value = model.graph[input]
      let shape = shapes[value.name] ?? value.type?.shape?.sizes ?? []
      let count = shape.reduce(1, *)
      inputs[value.name] =
        value.type?.dataType == .float32
        ? Tensor(shape: shape, (0..<count).map { _ in Float(random.next() % 2000) / 1000 - 1 })
        : Tensor(
          shape: shape, (0..<count).map { _ in value.name.contains("ids") ? Int64(random.next() % 2) : Int64(1) })
    }
    return inputs
  }

  private static func expectSameBits(
    _ found: [String: Tensor], _ expected: [String: Tensor], location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(found.keys.sorted() == expected.keys.sorted(), sourceLocation: location)
    for (name, tensor) in expected {
      let a = try #require(found[name]?.elements(Float.self), sourceLocation: location)
      let b = try #require(tensor.elements(Float.self), sourceLocation: location)
      #expect(found[name]?.shape == tensor.shape, sourceLocation: location)
      #expect(a.map(\.bitPattern) == b.map(\.bitPattern), sourceLocation: location)
    }
  }

  // MARK: - What it gives

  @Test(arguments: [ZooModel.tinyCNN, .tinyEncoder], [1, 2])
  func givesTheBitsOfTheModel(model: ZooModel, threads: Int) throws {
    let folder = try TemporaryFolder()
    let options = SessionOptions(threads: threads)
    let compiled = try CompiledModel(model.build())
    let inputs = Self.inputs(of: compiled.model, model == .tinyEncoder ? Self.shapes(compiled.model, [1, 32]) : [:])
    let shapes = inputs.mapValues(\.shape)
    try compiled.writePlan(to: folder.file("model.bin"), shapes: [shapes], options: options)
    #expect(PlanFile.isPlan(folder.file("model.bin")))
    let planned = try CompiledModel(contentsOf: folder.file("model.bin"))
    let session = try Session(planned, options: options)
    let kept = planned.weights.count
    let plain = try Session(compiled, options: options)
    #expect(try session.plan(forShapes: shapes).description == plain.plan(forShapes: shapes).description)
    try Self.expectSameBits(try session.run(inputs), try plain.run(inputs))
    #expect(kept > 0 && planned.weights.count == kept)
    #expect(planned.model.graph.outputNames == compiled.model.graph.outputNames)
  }

  private static func shapes(_ model: Model, _ shape: [Int]) -> [String: [Int]] {
    Dictionary(uniqueKeysWithValues: model.graph.inputs.map { (model.graph[$0].name, shape) })
  }

  /// Options are the file's, whatever the session is asked for.
  ///
  /// Each is tried on a model that it changes.
  @Test(arguments: [
    (PlanOptions(optimize: false), "tiny-cnn"), (PlanOptions(winograd: false), "wide"),
    (PlanOptions(skipPadding: false), "tiny-encoder"),
  ])
  func keepsTheOptions(options: PlanOptions, model: String) throws {
    let folder = try TemporaryFolder()
    let compiled = try CompiledModel(model == "wide" ? WideConvolution.model() : ZooModel(named: model).build())
    let shapes = model == "wide" ? WideConvolution.large : [:]
    try compiled.writePlan(to: folder.file("a"), shapes: [shapes], options: SessionOptions(plan: options))
    let planned = try CompiledModel(contentsOf: folder.file("a"))
    #expect(planned.planFile?.options == options)
    let session = try Session(planned)
    let plain = try Session(compiled, options: SessionOptions(plan: options))
    let (plan, expected) = (try session.plan(forShapes: shapes), try plain.plan(forShapes: shapes))
    #expect(plan.description == expected.description && plan.paddingMask == expected.paddingMask)
    let other = try Session(compiled).plan(forShapes: shapes)
    #expect(plan.description != other.description || plan.paddingMask != other.paddingMask)
    let inputs = Self.inputs(of: compiled.model, shapes)
    try Self.expectSameBits(try session.run(inputs), try plain.run(inputs))
  }

  /// What was measured stands in the file, and is not measured again.
  @Test func keepsWhatWasMeasured() throws {
    let folder = try TemporaryFolder()
    let compiled = try CompiledModel(ZooModel.tinyCNN.build())
    let options = SessionOptions(plan: PlanOptions(tuning: .fast), cacheFolder: folder.file("cache"))
    try compiled.writePlan(to: folder.file("a"), options: options)
    let session = try Session(CompiledModel(contentsOf: folder.file("a"))) { Issue.record("\($0)") }
    #expect(try session.plan().stepDescriptions.contains { $0.measurement != nil })
    let plain = try Session(compiled, options: options)
    try Self.expectSameBits(
      try session.run(Self.inputs(of: compiled.model)), try plain.run(Self.inputs(of: compiled.model)))
  }

  /// Texts of any length need the same packed weights; and what hidden tokens need is cut from the plan's graph.
  @Test func takesOtherShapesThanItWasCompiledFor() throws {
    let folder = try TemporaryFolder()
    let model = try ZooModel.tinyEncoder.build(batch: .symbol("batch"), tokens: .symbol("sequence"))
    let compiled = try CompiledModel(model)
    try compiled.writePlan(to: folder.file("a"), shapes: [Self.shapes(compiled.model, [1, 32])])
    let planned = try CompiledModel(contentsOf: folder.file("a"))
    let (session, plain) = (try Session(planned), try Session(compiled))
    for shape in [[1, 32], [1, 7], [2, 32], [3, 24]] {
      var inputs = Self.inputs(of: compiled.model, Self.shapes(compiled.model, shape))
      try Self.expectSameBits(try session.run(inputs), try plain.run(inputs))
      let real = (0..<shape[0] * shape[1]).map { Int64($0 % shape[1] < 5 ? 1 : 0) }
      inputs["attention_mask"] = Tensor(shape: shape, real)
      try Self.expectSameBits(try session.run(inputs), try plain.run(inputs))
      // Not all tokens, which would give the same.
      let steps = try session.profile(inputs.mapValues(RuntimeValue.tensor))
      let attention = steps.first { $0.operation == "FusedAttention" }
      #expect(attention?.output?.shape?.dimensions[1].size == min(shape[1], 8))
    }
    #expect(try session.plan(forShapes: Self.shapes(compiled.model, [1, 32])).paddingMask == "attention_mask")
  }

  /// A convolution that another size of image would compute by another algorithm has no weights for it.
  @Test func saysWhichWeightsOtherShapesLack() throws {
    let folder = try TemporaryFolder()
    let compiled = try CompiledModel(WideConvolution.model())
    try compiled.writePlan(to: folder.file("a"), shapes: [WideConvolution.large])
    let session = try Session(CompiledModel(contentsOf: folder.file("a")))
    #expect(try session.plan(forShapes: WideConvolution.large).kernels.count == 1)
    #expect(
      throws: EngineError.model(source: folder.file("a"), .absentConstant(node: "conv", value: "w"))
    ) { _ = try session.plan(forShapes: WideConvolution.small) }
    // Both sizes in one file are no matter.
    let sizes = [WideConvolution.large, WideConvolution.small]
    try compiled.writePlan(to: folder.file("b"), shapes: sizes)
    let both = try Session(CompiledModel(contentsOf: folder.file("b")))
    for shapes in sizes {
      let inputs = Self.inputs(of: compiled.model, shapes)
      try Self.expectSameBits(try both.run(inputs), try Session(compiled).run(inputs))
    }
  }

  @Test func holdsMetadataAndIsNotCompiledAgain() throws {
    let folder = try TemporaryFolder()
    try CompiledModel(ZooModel.tinyCNN.build()).writePlan(to: folder.file("a"), metadata: ["key": "value"])
    let planned = try CompiledModel(contentsOf: folder.file("a"))
    #expect(planned.model.metadata["key"] == "value")
    #expect(
      throws: EngineError.invalidOption(
        option: "model", expected: "a model to compile", found: "the plan file \(folder.file("a"))")
    ) { try planned.writePlan(to: folder.file("b")) }
  }

  // MARK: - What is wrong with it

  @Test func otherInstructionSetsMakeItForeign() throws {
    let folder = try TemporaryFolder()
    try CompiledModel(ZooModel.tinyCNN.build()).writePlan(
      to: folder.file("a"), options: SessionOptions(instructionSet: "portable"))
    let planned = try CompiledModel(contentsOf: folder.file("a"))
    #expect(try Session(planned).instructionSetName == "portable")
    #expect(
      throws: EngineError.plan(
        file: folder.file("a"), .foreign(what: "instruction set", expected: "avx2", found: "portable"))
    ) { _ = try Session(planned, options: SessionOptions(instructionSet: "avx2")) }
  }

  /// Changes bytes of a plan file and tells the error.
  private func fault(of change: (inout [UInt8]) -> Void) throws -> PlanFault? {
    let folder = try TemporaryFolder()
    try CompiledModel(ZooModel.tinyCNN.build()).writePlan(to: folder.file("a"))
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.file("a"))))
    change(&bytes)
    try Data(bytes).write(to: URL(filePath: folder.file("a")))
    do {
      _ = try Session(CompiledModel(PlanFile(contentsOf: folder.file("a"))))
      return nil
    } catch EngineError.plan(let file, let fault) {
      #expect(file == folder.file("a"))
      return fault
    }
  }

  @Test func otherVersionsAndByteOrdersMakeItForeign() throws {
    var version: UInt8 = 0
    let found = try fault { bytes in
      version = bytes[8]
      bytes[8] = 200
    }
    #expect(found == .foreign(what: "format version", expected: "\(version)", found: "200"))
    #expect(
      try fault { $0[12...15].reverse() }
        == .foreign(what: "byte order", expected: "this processor's", found: "the other one"))
  }

  @Test func damageIsSaid() throws {
    #expect(try fault { $0[0] = 0 } == .damaged("it does not begin as a plan file does"))
    #expect(try fault { $0[40] ^= 1 } == .damaged("its first bytes differ from their checksum"))
    #expect(try fault { $0[$0.count - 9] ^= 1 } == .damaged("its manifest differs from its checksum"))
    #expect(try fault { $0.removeLast() }?.description.hasPrefix("damaged: it has ") == true)
    #expect(try fault { $0 = Array($0.prefix(20)) } == .damaged("it ends after 20 bytes"))
  }

  /// Every byte that is read is covered by a checksum; those between the parts are not read.
  @Test func noChangeOfBytesIsTakenOrCrashes() throws {
    let folder = try TemporaryFolder()
    let compiled = try CompiledModel(ZooModel.tinyCNN.build())
    try compiled.writePlan(to: folder.file("a"))
    let whole = [UInt8](try Data(contentsOf: URL(filePath: folder.file("a"))))
    let inputs = Self.inputs(of: compiled.model)
    let expected = try Session(compiled).run(inputs)
    var random = SplitMix64(seed: 5)
    for trial in 0..<400 {
      var bytes = whole
      switch trial % 4 {
      case 0: bytes.removeLast(1 + Int(random.next() % UInt64(bytes.count)))
      case 1: bytes.append(contentsOf: [UInt8](repeating: 0, count: 1 + Int(random.next() % 5000)))
      case 2: bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
      default:
        // The head and the manifest are where it hurts.
        let start = trial % 8 == 3 ? 0 : bytes.count - 2000
        for _ in 0..<8 { bytes[start + Int(random.next() % 2000)] = UInt8(truncatingIfNeeded: random.next()) }
      }
      try Data(bytes).write(to: URL(filePath: folder.file("b")))
      do {
        let session = try Session(CompiledModel(PlanFile(contentsOf: folder.file("b"))))
        try Self.expectSameBits(try session.run(inputs), expected)
      } catch {
        switch error as? EngineError {
        case .plan: break
        case .model(_, .unreadable): break
        default: Issue.record("\(error)")
        }
      }
    }
  }

  // MARK: - Checksums

  @Test(arguments: [0, 1, 63, 64, 65, 4096, (1 << 20) - 1, 1 << 20, (3 << 20) + 5])
  func checksumsNoticeChangesAndDoNotDependOnThreads(count: Int) {
    var random = SplitMix64(seed: 9)
    var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    func sum(threads: Int) -> [UInt64] {
      bytes.withUnsafeBytes {
        Checksum.of([$0, UnsafeRawBufferPointer(rebasing: $0[0..<count / 2])], pool: ThreadPool(threads: threads))
      }
    }
    let whole = sum(threads: 1)
    #expect(whole == sum(threads: 2))
    #expect(whole[0] == bytes.withUnsafeBytes { Checksum.of($0) })
    var seen: Set<UInt64> = [whole[0]]
    for index in Set([0, count / 2, count - 1].filter { bytes.indices.contains($0) }) {
      bytes[index] ^= 0x10
      #expect(seen.insert(sum(threads: 1)[0]).inserted)
      bytes[index] ^= 0x10
    }
    bytes.append(0)
    #expect(seen.insert(bytes.withUnsafeBytes { Checksum.of($0) }).inserted)
    if count > 128 {
      bytes.swapAt(0, 64)
      #expect(seen.insert(bytes.withUnsafeBytes { Checksum.of($0) }).inserted)
    }
  }
}
