import Foundation
import Graph
import Synchronization
import TestSupport
import Testing

/// Tensors in files beside the model: found, checked, and never outside the model's folder.
struct ExternalDataTests {
  /// A model with one external tensor of two floats.
  private func model(location: String, offset: Int? = nil, length: Int? = nil) -> [UInt8] {
    var entries = [ProtoBytes.message(13, .text(1, "location"), .text(2, location))]
    if let offset { entries.append(.message(13, .text(1, "offset"), .text(2, "\(offset)"))) }
    if let length { entries.append(.message(13, .text(1, "length"), .text(2, "\(length)"))) }
    return ProtoBytes.model(
      graph: .initializer(.tensor(1, [2], name: "w", ProtoBytes(entries), .int(14, 1))),
      .node("Neg", ["w"], ["y"], name: "n"), .output("y"))
  }

  private func weights(_ model: Model) -> [Float]? {
    model.graph.valueIDs.compactMap { model.graph[$0].constant }.first?.elements(Float.self)
  }

  private let data = Data([0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64])  // 0, 1, 2

  @Test func readsPartsOfAFile() throws {
    let folder = try TemporaryFolder()
    try data.write(to: URL(filePath: folder.file("w.bin")))
    func read(_ bytes: [UInt8]) throws -> Model { try Model(bytes: bytes, source: "m", folder: folder.path) }
    #expect(weights(try read(model(location: "w.bin"))) == [0, 1])
    #expect(weights(try read(model(location: "w.bin", offset: 4, length: 8))) == [1, 2])
    #expect(weights(try read(model(location: "./w.bin", offset: 4))) == [1, 2])
    for bytes in [
      model(location: "w.bin", offset: 8), model(location: "w.bin", offset: 4, length: 12),
      model(location: "w.bin", offset: -4), model(location: "w.bin", offset: .max), model(location: "v.bin"),
      model(location: ""), model(location: "."),
    ] {
      #expect(throws: GraphError.self) { try read(bytes) }
    }
  }

  /// Each file under every name that the model has for it, and the model's own first.
  @Test func tellsTheFilesThatItRead() throws {
    let folder = try TemporaryFolder()
    try data.write(to: URL(filePath: folder.file("w.bin")))
    try FileManager.default.createSymbolicLink(atPath: folder.file("link.bin"), withDestinationPath: "w.bin")
    let tensors = ["w.bin", "link.bin", "w.bin"].enumerated().map { index, location in
      ProtoBytes.initializer(
        .tensor(1, [2], name: "w\(index)", .message(13, .text(1, "location"), .text(2, location)), .int(14, 1)))
    }
    let bytes = ProtoBytes.model(
      graph: ProtoBytes(tensors), .node("Add", ["w0", "w1"], ["y"], name: "n"), .output("y"))
    try Data(bytes).write(to: URL(filePath: folder.file("m.onnx")))
    let files = try Model(contentsOf: folder.file("m.onnx")).files
    #expect(files.map(\.path) == ["m.onnx", "w.bin", "link.bin"].map(folder.file))
    #expect(files.map(\.map.bytes.count) == [bytes.count, 12, 12])
    #expect(files[1].isAt(folder.file("link.bin")) && !files[0].isAt(folder.file("link.bin")))
    #expect(!files[0].isAt(folder.file("none")))
    #expect(try Model(bytes: bytes, source: "m", folder: folder.path).files.count == 2)
  }

  @Test func staysInItsFolder() throws {
    let folder = try TemporaryFolder()
    let inside = folder.file("inside")
    try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: false)
    try data.write(to: URL(filePath: folder.file("secret.bin")))
    try FileManager.default.createSymbolicLink(atPath: inside + "/link.bin", withDestinationPath: "../secret.bin")
    try FileManager.default.createSymbolicLink(atPath: inside + "/up", withDestinationPath: "..")
    try data.write(to: URL(filePath: inside + "/own.bin"))
    try FileManager.default.createSymbolicLink(atPath: inside + "/good.bin", withDestinationPath: "own.bin")
    for location in ["../secret.bin", "x/../../secret.bin", folder.file("secret.bin"), "link.bin", "up/secret.bin"] {
      do {
        _ = try Model(bytes: model(location: location), source: "m.onnx", folder: inside)
        Issue.record("\(location) was read")
      } catch {
        guard case .malformed("m.onnx", let what) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(what.contains("initializer 'w'") && what.contains("folder"))
      }
    }
    #expect(weights(try Model(bytes: model(location: "good.bin"), source: "m", folder: inside)) == [0, 1])
  }

  /// A link that comes and goes is never followed out of the folder, whenever it is looked at.
  @Test func staysInItsFolderWhileLinksChange() throws {
    let folder = try TemporaryFolder()
    let inside = folder.file("inside")
    try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: false)
    try Data(repeating: 1, count: 8).write(to: URL(filePath: folder.file("secret.bin")))
    try Data(count: 8).write(to: URL(filePath: inside + "/data.bin"))
    let bytes = model(location: "w.bin")
    let reading = Flag()
    // A thread of its own: tasks of one processor would wait for each other.
    let changing = Thread {
      while reading.isSet.load(ordering: .relaxed) {
        symlink("../secret.bin", inside + "/link")
        rename(inside + "/link", inside + "/w.bin")
        link(inside + "/data.bin", inside + "/own")
        rename(inside + "/own", inside + "/w.bin")
      }
      reading.hasEnded.signal()
    }
    changing.start()
    var (taken, refused) = (0, 0)
    for _ in 0..<3_000 {
      let found = (try? Model(bytes: bytes, source: "m", folder: inside)).map(weights)
      #expect(found == nil || found == [0, 0])
      if found == nil { refused += 1 } else { taken += 1 }
    }
    reading.isSet.store(false, ordering: .relaxed)
    reading.hasEnded.wait()
    #expect(taken > 0 && refused > 0)
  }

  private final class Flag: Sendable {
    let isSet = Atomic(true)
    let hasEnded = DispatchSemaphore(value: 0)
  }

  /// As hubs keep models: in a folder of their own, under names that are links to one of all files.
  @Test func modelThatIsALink() throws {
    let folder = try TemporaryFolder()
    let (store, view) = (folder.file("blobs"), folder.file("snapshot"))
    for path in [store, view] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    try data.write(to: URL(filePath: store + "/1f"))
    try data.write(to: URL(filePath: folder.file("secret.bin")))
    for (location, target) in [("w.bin", "../blobs/1f"), ("secret.bin", "../secret.bin")] {
      try Data(model(location: location)).write(to: URL(filePath: store + "/\(location).model"))
      try FileManager.default.createSymbolicLink(atPath: "\(view)/\(location)", withDestinationPath: target)
      try FileManager.default.createSymbolicLink(
        atPath: "\(view)/\(location).onnx", withDestinationPath: "../blobs/\(location).model")
    }
    #expect(weights(try Model(contentsOf: view + "/w.bin.onnx")) == [0, 1])
    #expect(
      throws: GraphError.malformed(
        file: view + "/secret.bin.onnx",
        what: "initializer 'w': its external data 'secret.bin' leaves the model's folder through a symbolic link")
    ) { try Model(contentsOf: view + "/secret.bin.onnx") }
    // The same file by another name, without a link: its folder is the one above.
    try Data(model(location: "w.bin")).write(to: URL(filePath: view + "/copy.onnx"))
    #expect(throws: GraphError.self) { try Model(contentsOf: view + "/copy.onnx") }
  }
}
