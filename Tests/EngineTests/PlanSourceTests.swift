import Engine
import Foundation
import Graph
import TestSupport
import Testing
import Zoo

/// Plans know the files that their model was read from, and whether these have changed.
struct PlanSourceTests {
  /// A model in a file, with its weights in another one.
  private struct Files {
    let folder: TemporaryFolder
    var model: String { folder.file("model.onnx") }
    var data: String { folder.file("model.onnx.data") }
    var plan: String { folder.file("model.plan") }

    init() throws {
      folder = try TemporaryFolder()
      try write()
    }

    /// Writes both, as if at a time long ago: some file systems' clocks are too coarse for changes that follow at once.
    func write(seed: UInt64 = ZooModel.defaultSeed, second: Int = 0) throws {
      try ZooModel.tinyCNN.build(seed: seed).write(to: model, externalDataThreshold: 1024)
      let time = Date(timeIntervalSince1970: 1_700_000_000 + Double(second))
      for file in [model, data] {
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: file)
      }
    }

    /// Puts other weights in the place of the old ones: into the same file or another one.
    func changeWeights(inPlace: Bool = false) throws {
      var bytes = try Data(contentsOf: URL(filePath: data))
      for index in stride(from: 2, to: bytes.count, by: 4) { bytes[index] ^= 0x40 }
      guard inPlace else { return try bytes.write(to: URL(filePath: data), options: .atomic) }
      let file = try FileHandle(forWritingTo: URL(filePath: data))
      try file.write(contentsOf: bytes)
      try file.close()
    }

    func compile() throws { try CompiledModel(contentsOf: model).writePlan(to: plan) }
    func open() throws { _ = try Session(CompiledModel(contentsOf: plan)) }

    func expectStale(_ file: String, _ what: String, location: SourceLocation = #_sourceLocation) {
      #expect(throws: EngineError.plan(file: plan, .stale(model: file, what: what)), sourceLocation: location) {
        try open()
      }
    }
  }

  @Test func namesAllFilesOfTheModel() throws {
    let files = try Files()
    try files.compile()
    let source = try PlanFile(contentsOf: files.plan).source
    #expect(source.name == files.model)
    #expect(source.files.map(\.path) == [files.model, files.data])
    for file in source.files {
      let bytes = try Data(contentsOf: URL(filePath: file.path))
      #expect(file.byteCount == bytes.count && file.checksum == bytes.withUnsafeBytes { Checksum.of($0) })
    }
    let built = files.folder.file("built.plan")
    try CompiledModel(ZooModel.tinyCNN.build()).writePlan(to: built)
    #expect(try PlanFile(contentsOf: built).source.files.isEmpty)
  }

  @Test func aModelThatChangedMakesItStale() throws {
    let files = try Files()
    try files.compile()
    try files.open()
    // Written anew with the same contents it is the same model.
    try files.write(second: 1)
    try files.open()
    try ZooModel.tinyCNN.build().write(to: files.model)
    #expect(throws: EngineError.self) { try files.open() }
    try files.write(seed: 10_240_229, second: 2)
    #expect(throws: EngineError.self) { try files.open() }
    for file in [files.model, files.data] { try FileManager.default.removeItem(atPath: file) }
    try files.open()
  }

  @Test(arguments: [true, false])
  func externalDataThatChangedMakesItStale(inPlace: Bool) throws {
    let files = try Files()
    try files.compile()
    try files.open()
    try files.changeWeights(inPlace: inPlace)
    files.expectStale(files.data, "changed its contents")
    let size = try Data(contentsOf: URL(filePath: files.data)).count
    let handle = try FileHandle(forWritingTo: URL(filePath: files.data))
    try handle.truncate(atOffset: UInt64(size + 1))
    try handle.close()
    files.expectStale(files.data, "changed its size from \(size) to \(size + 1) bytes")
  }

  /// Archives, images and build tools give files the times they want.
  @Test(arguments: [true, false])
  func weightsOfTheSameSizeAndTimeMakeItStale(inPlace: Bool) throws {
    let files = try Files()
    try files.compile()
    try files.open()
    let attributes = try FileManager.default.attributesOfItem(atPath: files.data)
    try files.changeWeights(inPlace: inPlace)
    let time = try #require(attributes[.modificationDate] as? Date)
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: files.data)
    files.expectStale(files.data, "changed its contents")
  }

  /// What a link leads to may change while the file that it led to stays.
  @Test func aLinkThatLeadsElsewhereMakesItStale() throws {
    let files = try Files()
    let (first, second) = (files.folder.file("first"), files.folder.file("second"))
    try FileManager.default.moveItem(atPath: files.data, toPath: first)
    try FileManager.default.createSymbolicLink(atPath: files.data, withDestinationPath: "first")
    try files.compile()
    try files.open()
    try FileManager.default.copyItem(atPath: first, toPath: second)
    try FileManager.default.removeItem(atPath: files.data)
    try FileManager.default.createSymbolicLink(atPath: files.data, withDestinationPath: "second")
    try files.open()
    try files.changeWeights(inPlace: true)
    files.expectStale(files.data, "changed its contents")
  }

  /// The plan is of what was read, not of what was in its place when it was written.
  @Test func filesReplacedWhileCompilingMakeItStale() throws {
    let files = try Files()
    let opened = try CompiledModel(contentsOf: files.model)
    try files.changeWeights()
    try opened.writePlan(to: files.plan)
    files.expectStale(files.data, "changed its contents")
    let inputs = try Self.image(for: opened.model)
    try FileManager.default.removeItem(atPath: files.data)
    let found = try Session(CompiledModel(contentsOf: files.plan)).run(inputs)
    let expected = try Session(CompiledModel(ZooModel.tinyCNN.build())).run(inputs)
    #expect(
      found.compactMapValues { $0.elements(Float.self) } == expected.compactMapValues { $0.elements(Float.self) })

    try files.write()
    let again = try CompiledModel(contentsOf: files.model)
    try ZooModel.tinyCNN.build(seed: 10_240_229).write(to: files.model)
    try again.writePlan(to: files.plan)
    #expect(throws: EngineError.self) { try files.open() }
  }

  /// A map shows what is written to its file: nobody knows which weights the plan would have.
  @Test func filesWrittenToWhileCompilingAreAnError() throws {
    let files = try Files()
    let opened = try CompiledModel(contentsOf: files.model)
    try files.changeWeights(inPlace: true)
    #expect(
      throws: EngineError.model(
        source: files.model, .unreadable(file: files.data, reason: "it was changed while it was read"))
    ) { try opened.writePlan(to: files.plan) }
    #expect(!FileManager.default.fileExists(atPath: files.plan))
  }

  /// By its own name, a detour, a link, or a second name.
  @Test(arguments: ["model.onnx", "model.onnx.data"], ["", "./", "link", "name"])
  func thePlanNeverReplacesTheModel(file: String, way: String) throws {
    let files = try Files()
    let path = files.folder.file(file)
    let output = files.folder.file(way == "./" ? "./\(file)" : way.isEmpty ? file : way)
    switch way {
    case "link": try FileManager.default.createSymbolicLink(atPath: output, withDestinationPath: file)
    case "name": try FileManager.default.linkItem(atPath: path, toPath: output)
    default: break
    }
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(
      throws: EngineError.invalidOption(
        option: "output", expected: "a file that the model is not read from", found: "\(output), which is \(path)")
    ) { try CompiledModel(contentsOf: files.model).writePlan(to: output) }
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
  }

  private static func image(for model: Model) throws -> [String: Tensor] {
    let input = try #require(model.graph.inputs.first)
    let shape = try #require(model.graph[input].type?.shape?.sizes)
    let numbers: [Float] = (0..<shape.reduce(1, *)).map { Float($0 % 29) / 29 - 0.5 }
    return [model.graph[input].name: Tensor(shape: shape, numbers)]
  }
}
