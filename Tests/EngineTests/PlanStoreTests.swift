import Engine
import Foundation
import Graph
import TestSupport
import Testing
import Zoo

/// Plans that are kept for model files.
struct PlanStoreTests {
  /// A folder with a model, and a store in it.
  private final class Place {
    let folder: TemporaryFolder
    var byteLimit = PlanStore.standardByteLimit
    var notes: [String] = []
    var model: String { folder.file("model.onnx") }
    var cache: String { folder.file("cache") }

    init(_ model: Model? = nil) throws {
      folder = try TemporaryFolder()
      try (model ?? ZooModel.tinyCNN.build()).write(to: self.model)
    }

    func compiled(
      _ options: SessionOptions = SessionOptions(), shapes: [String: [Int]] = [:], model: String? = nil
    ) throws -> CompiledModel {
      let store = PlanStore(folder: cache, byteLimit: byteLimit)
      return try store.compiled(model ?? self.model, shapes: shapes, options: options) { _ in
      } note: {
        notes.append($0)
      }
    }

    /// The names of the files in the store's folder, sorted.
    var plans: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []).sorted() }

    /// The only plan.
    func plan() throws -> URL { URL(filePath: cache).appending(path: try #require(plans.first)) }

    /// The number that the file system gave the only plan, which changes when it is made anew.
    func planNumber() throws -> NSNumber? {
      try FileManager.default.attributesOfItem(atPath: plan().path)[.systemFileNumber] as? NSNumber
    }
  }

  private func image(for model: Model) throws -> [String: Tensor] {
    let input = try #require(model.graph.inputs.first)
    let shape = try #require(model.graph[input].type?.shape?.sizes)
    let numbers: [Float] = (0..<shape.reduce(1, *)).map { Float($0 % 29) / 29 - 0.5 }
    return [model.graph[input].name: Tensor(shape: shape, numbers)]
  }

  @Test func aPlanIsMadeOnceForEachCombination() throws {
    let place = try Place()
    let first = try place.compiled()
    #expect(first.planFile != nil && place.plans.count == 1)
    let number = try place.planNumber()
    #expect(try place.compiled().planFile?.path == first.planFile?.path)
    #expect(try place.planNumber() == number && place.notes.isEmpty)
    // Any number of threads runs a plan whose kernels were not measured.
    _ = try place.compiled(SessionOptions(threads: 2))
    #expect(place.plans.count == 1)
    #expect(try place.planNumber() == number)
    _ = try place.compiled(SessionOptions(plan: PlanOptions(winograd: false)))
    _ = try place.compiled(SessionOptions(instructionSet: "portable"))
    #expect(place.plans.count == 3 && place.notes.isEmpty)
  }

  @Test func measuredKernelsAreOfANumberOfThreads() throws {
    let place = try Place()
    for threads in [1, 2, 1] {
      let options = SessionOptions(threads: threads, plan: PlanOptions(tuning: .fast), cacheFolder: place.folder.path)
      #expect(try place.compiled(options).planFile?.threads == threads)
    }
    #expect(place.plans.count == 2 && place.notes.isEmpty)
  }

  // MARK: - Sizes of inputs

  /// Texts of any length need the same weights.
  @Test func onePlanServesOtherSizes() throws {
    let model = try ZooModel.tinyEncoder.build(batch: .symbol("batch"), tokens: .symbol("sequence"))
    let place = try Place(model)
    func shapes(_ shape: [Int]) -> [String: [Int]] {
      Dictionary(uniqueKeysWithValues: model.graph.inputs.map { (model.graph[$0].name, shape) })
    }
    _ = try place.compiled(shapes: shapes([1, 32]))
    let number = try place.planNumber()
    for shape in [[1, 7], [2, 32], [1, 32], [3, 64]] {
      let found = try place.compiled(shapes: shapes(shape))
      let kept = found.weights.count
      let kernels = try Session(found).plan(forShapes: shapes(shape)).kernels
      #expect(try kernels == Session(CompiledModel(model)).plan(forShapes: shapes(shape)).kernels)
      #expect(found.planFile != nil && found.weights.count == kept)
    }
    #expect(try place.plans.count == 1 && place.planNumber() == number && place.notes.isEmpty)
    // What no plan could serve is an error of the model, by its name.
    let names = model.graph.inputs.map { model.graph[$0].name }
    #expect(throws: EngineError.unknownInput(model: place.model, input: "none", known: names)) {
      try place.compiled(shapes: ["none": [1]])
    }
    #expect(try place.planNumber() == number && place.notes.isEmpty)
  }

  /// Where other sizes need other forms of the weights there is one plan with both.
  @Test func aPlanIsMadeAnewForSizesThatItHasNoWeightsFor() throws {
    let place = try Place(WideConvolution.model())
    _ = try place.compiled(shapes: WideConvolution.large)
    let first = try place.planNumber()
    let both = try place.compiled(shapes: WideConvolution.small)
    #expect(place.notes.count == 1 && place.notes[0].contains("was not made for these sizes of inputs"))
    #expect(try place.plans.count == 1 && place.planNumber() != first)
    let second = try place.planNumber()
    for shapes in [WideConvolution.large, WideConvolution.small] {
      #expect(try Session(both).plan(forShapes: shapes).kernels.count == 1)
      _ = try place.compiled(shapes: shapes)
    }
    #expect(try place.planNumber() == second && place.notes.count == 1)
  }

  /// Kernels are measured for the sizes that are asked for.
  @Test func aMeasuredPlanKeepsTheLastSizes() throws {
    let place = try Place(WideConvolution.model())
    let options = SessionOptions(plan: PlanOptions(tuning: .fast), cacheFolder: place.folder.path)
    for height in 3..<13 {
      let shapes = ["x": [1, 64, height, 5]]
      let session = try Session(place.compiled(options, shapes: shapes))
      #expect(try session.plan(forShapes: shapes).stepDescriptions.contains { $0.measurement != nil })
    }
    let types = try PlanFile(contentsOf: place.plan().path).inputTypes
    #expect(types == (5..<13).reversed().map { ["float[1x64x\($0)x5]"] })
    #expect(place.plans.count == 1 && place.notes.count == 9)
  }

  // MARK: - What is passed over

  @Test func aStalePlanIsMadeAnewWithANote() throws {
    let place = try Place()
    _ = try place.compiled()
    try ZooModel.tinyCNN.build(seed: 10_240_229).write(to: place.model)
    let found = try place.compiled()
    #expect(place.notes.count == 1 && place.notes[0].contains(": stale: \(place.model) changed its contents"))
    let plain = try Session(CompiledModel(contentsOf: place.model))
    let inputs = try image(for: plain.compiled.model)
    let expected = try plain.run(inputs).compactMapValues { $0.elements(Float.self) }
    #expect(try Session(found).run(inputs).compactMapValues { $0.elements(Float.self) } == expected)
    _ = try place.compiled()
    #expect(place.notes.count == 1 && place.plans.count == 1)
  }

  @Test func externalDataThatChangedMakesAPlanAnew() throws {
    let place = try Place()
    func write(seed: UInt64, second: Double) throws {
      try ZooModel.tinyCNN.build(seed: seed).write(to: place.model, externalDataThreshold: 1024)
      for file in [place.model, place.model + ".data"] {
        let time = Date(timeIntervalSince1970: 1_700_000_000 + second)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: file)
      }
    }
    try write(seed: 1, second: 0)
    let old = try Data(contentsOf: URL(filePath: place.model))
    _ = try place.compiled()
    _ = try place.compiled()
    #expect(place.notes.isEmpty)
    // New weights, and the same model.
    try write(seed: 2, second: 1)
    try old.write(to: URL(filePath: place.model))
    let found = try place.compiled()
    #expect(place.notes.count == 1 && place.notes[0].contains(": stale: \(place.model).data changed its contents"))
    let plain = try Session(CompiledModel(contentsOf: place.model))
    let inputs = try image(for: plain.compiled.model)
    let expected = try plain.run(inputs).compactMapValues { $0.elements(Float.self) }
    #expect(try Session(found).run(inputs).compactMapValues { $0.elements(Float.self) } == expected)
    // A plan does not hide that the model has lost its weights.
    try FileManager.default.removeItem(atPath: place.model + ".data")
    #expect(throws: EngineError.self) { try place.compiled() }
  }

  @Test(arguments: [0, 8, 40, 5000, -1])
  func aDamagedPlanIsMadeAnewWithANote(byte: Int) throws {
    let place = try Place()
    _ = try place.compiled()
    let plan = try place.plan()
    var bytes = try Data(contentsOf: plan)
    let index = byte < 0 ? bytes.count - 3 : byte
    bytes[index] ^= 0x55
    try bytes.write(to: plan)
    _ = try Session(try place.compiled())
    #expect(place.notes.count == 1 && place.notes[0].hasSuffix("; it is made anew"))
    #expect(try place.compiled().planFile != nil)
    #expect(place.notes.count == 1)
  }

  /// The graph of a plan is read when it is used; damage there makes it anew as damage elsewhere does.
  @Test func aDamagedGraphIsMadeAnewWithANote() throws {
    let place = try Place()
    _ = try place.compiled()
    let plan = try place.plan()
    let whole = try Data(contentsOf: plan)
    // The model's graph comes first, that of the plan follows: both name the input.
    let name = Data("input".utf8)
    let model = try #require(whole.range(of: name))
    let nodes = (0..<whole.count).filter { whole[$0...].starts(with: Data("FusedConv".utf8)) }
    for index in [model.lowerBound, try #require(nodes.first)] {
      var bytes = whole
      bytes[index] ^= 0x01
      try bytes.write(to: plan)
      place.notes = []
      let found = try place.compiled()
      _ = try Session(found)
      #expect(found.planFile != nil && place.notes.count == 1)
      #expect(place.notes.first?.hasSuffix(": damaged: a graph differs from its checksum; it is made anew") == true)
      _ = try Session(place.compiled())
      #expect(place.notes.count == 1)
    }
  }

  /// A model whose plan cannot be written runs without: here the store would put the plan where the model is.
  @Test func aPlanThatCannotBeWrittenIsNotMissed() throws {
    let place = try Place()
    _ = try place.compiled()
    let plan = try place.plan().path
    try FileManager.default.removeItem(atPath: plan)
    try FileManager.default.linkItem(atPath: place.model, toPath: plan)
    let found = try place.compiled()
    #expect(found.planFile == nil)
    #expect(place.notes.last?.hasPrefix("\(plan): the plan is not kept: ") == true)
    _ = try Session(found)
  }

  @Test func aFolderThatCannotBeIsNotMissed() throws {
    let place = try Place()
    var notes: [String] = []
    let store = PlanStore(folder: place.model + "/cache")
    let compiled = try store.compiled(place.model) { _ in
    } note: {
      notes.append($0)
    }
    #expect(compiled.planFile == nil && notes.count == 1 && notes[0].contains("plans are not kept"))
    _ = try Session(compiled)
  }

  @Test func aModelThatIsNoneIsAnError() throws {
    let place = try Place()
    #expect(throws: EngineError.self) { try place.compiled(model: place.folder.file("none.onnx")) }
  }

  @Test func aPlanFileIsOpenedAsItIs() throws {
    let place = try Place()
    let plan = place.folder.file("model.plan")
    try CompiledModel(ZooModel.tinyCNN.build()).writePlan(to: plan)
    #expect(try place.compiled(model: plan).planFile?.path == plan)
    #expect(place.plans.isEmpty && place.notes.isEmpty)
  }

  // MARK: - The folder

  @Test func plansThatWereNotUsedForLongestMakeRoom() throws {
    let place = try Place()
    let models = ["a", "b", "c"].map { place.folder.file("\($0).onnx") }
    for model in models { try ZooModel.tinyCNN.build().write(to: model) }
    func expectPlans(_ names: [String], location: SourceLocation = #_sourceLocation) {
      let found = place.plans.filter { $0.hasSuffix(".plan") }.map { String($0.dropFirst(5).prefix(1)) }
      #expect(found == names, sourceLocation: location)
    }
    /// Makes a plan older than it is.
    func age(_ model: Int, seconds: Double) throws {
      let path = try #require(try place.compiled(model: models[model]).planFile?.path)
      let time = Date(timeIntervalSinceNow: -seconds)
      try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
    }
    try age(0, seconds: 300)
    let size = try #require(try place.compiled(model: models[0]).planFile?.byteCount)
    // Files that are not the store's, by their names or by what they hold, are neither counted nor removed.
    let others = ["plan-x-12.plan": Data(count: 8 * size), "timings.json": Data(count: 8), "plan-y.plan.txt": Data()]
    for (name, bytes) in others { try bytes.write(to: URL(filePath: place.cache).appending(path: name)) }
    place.byteLimit = 2 * size + size / 2
    try age(1, seconds: 100)
    // The first was made first and used last.
    _ = try place.compiled(model: models[0])
    _ = try place.compiled(model: models[2])
    expectPlans(["a", "c", "x"])
    place.byteLimit = 0
    _ = try place.compiled(model: models[1])
    expectPlans(["b", "x"])
    #expect(Set(others.keys).isSubset(of: place.plans) && place.notes.isEmpty)
  }
}
