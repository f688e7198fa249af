import Foundation
import Graph
import Testing

/// Models of a folder that is not part of the project, such as ONNX's backend cases: `SWIFTINFER_MODELS=DIR`.
@Suite(.enabled(if: AllModels.folder != nil, "SWIFTINFER_MODELS names no folder"))
struct AllModelsTests {
  @Test func read() throws {
    var failures: [String] = []
    var count = 0
    for path in AllModels.paths {
      count += 1
      do {
        let model = try Model(contentsOf: path)
        try model.graph.checkStructure()
      } catch { failures.append("\(error)") }
    }
    print("\(count) models, \(failures.count) fail")
    #expect(failures == [])
  }
}

enum AllModels {
  static var folder: String? { ProcessInfo.processInfo.environment["SWIFTINFER_MODELS"] }
  static var paths: [String] {
    guard let folder, let all = FileManager.default.enumerator(atPath: folder) else { return [] }
    return all.compactMap { $0 as? String }.filter { $0.hasSuffix(".onnx") }.sorted().map { folder + "/" + $0 }
  }
}
