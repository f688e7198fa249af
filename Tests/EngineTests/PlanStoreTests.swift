import Engine
import Foundation
import Graph
import Testing
import Zoo

/// Plans that are kept for model files.
struct PlanStoreTests {
  /// A folder with a model, and a store in it.
  private final class Place {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "swiftinfer-\(UUID().uuidString)")
    var model: String { folder.appending(path: "model.onnx").path }
    var store: PlanStore { PlanStore(folder: folder.appending(path: "cache").path) }
    var notes: [String] = []

    init() throws {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try ZooModel.tinyCNN.build().write(to: model)
    }
    deinit { try? FileManager.default.removeItem(at: folder) }

    func compiled(_ options: SessionOptions = SessionOptions(), shapes: [String: [Int]] = [:]) throws -> CompiledModel {
      try store.compiled(model, shapes: shapes, options: options) { _ in
      } note: {
        notes.append($0)
      }
    }

    var plans: [URL] {
      let cache = folder.appending(path: "cache")
      let files = (try? FileManager.default.contentsOfDirectory(at: cache, includingPropertiesForKeys: nil)) ?? []
      return files.sorted { $0.path < $1.path }
    }

    /// The number that the file system gave the only plan, which changes when it is made anew.
    func planNumber() throws -> NSNumber? {
      let plan = try #require(plans.first)
      return try FileManager.default.attributesOfItem(atPath: plan.path)[.systemFileNumber] as? NSNumber
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
    _ = try place.compiled(SessionOptions(threads: 2))
    _ = try place.compiled(SessionOptions(plan: PlanOptions(winograd: false)))
    _ = try place.compiled(SessionOptions(instructionSet: "portable"))
    #expect(place.plans.count == 4 && place.notes.isEmpty)
  }

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

  @Test(arguments: [0, 8, 40, 5000, -1])
  func aDamagedPlanIsMadeAnewWithANote(byte: Int) throws {
    let place = try Place()
    _ = try place.compiled()
    let plan = try #require(place.plans.first)
    var bytes = try Data(contentsOf: plan)
    let index = byte < 0 ? bytes.count - 3 : byte
    bytes[index] ^= 0x55
    try bytes.write(to: plan)
    _ = try Session(try place.compiled())
    #expect(place.notes.count == 1 && place.notes[0].hasSuffix("; it is made anew"))
    #expect(try place.compiled().planFile != nil)
    #expect(place.notes.count == 1)
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
    #expect(throws: EngineError.self) { try place.store.compiled(place.folder.path + "/none.onnx") }
  }
}
