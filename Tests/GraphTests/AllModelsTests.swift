import Foundation
import Graph
import TestSupport
import Testing

/// Models of a folder that is not part of the project, such as ONNX's backend cases: `SWIFTINFER_TEST_MODELS=DIR`.
///
/// With `SWIFTINFER_TEST_MODELS_OUT=DIR` the written models stay there, for onnx's own checker to judge.
@Suite(.enabled(if: AllModels.folder != nil, "SWIFTINFER_TEST_MODELS names no folder"))
struct AllModelsTests {
  @Test func roundTripKeepsEverything() throws {
    let root = try #require(AllModels.folder)
    let kept = ProcessInfo.processInfo.environment["SWIFTINFER_TEST_MODELS_OUT"]
    let folder = try TemporaryFolder()
    var failures: [String] = []
    for path in AllModels.paths {
      do {
        let model = try Model(contentsOf: root + "/" + path)
        let copy = (kept ?? folder.path) + "/" + (kept == nil ? "copy.onnx" : path.replacing("/", with: "__"))
        try model.write(to: copy)
        let differences = GraphComparison.differences(model.graph, try Model(contentsOf: copy).graph)
        if !differences.isEmpty { failures.append("\(path): \(differences.prefix(3))") }
      } catch { failures.append("\(error)") }
    }
    print("\(AllModels.paths.count) models, \(failures.count) fail")
    #expect(failures == [])
  }
}

enum AllModels {
  static var folder: String? { ProcessInfo.processInfo.environment["SWIFTINFER_TEST_MODELS"] }
  /// Relative to the folder.
  static var paths: [String] {
    guard let folder, let all = FileManager.default.enumerator(atPath: folder) else { return [] }
    return all.compactMap { $0 as? String }.filter { $0.hasSuffix(".onnx") }.sorted()
  }
}
