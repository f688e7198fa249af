import Foundation

/// The small reference cases of `Tests/Fixtures/cases`.
package enum Fixture {
  /// The folder of all cases.
  package static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/cases")

  /// The model of a case.
  package static func model(_ name: String) -> String { folder.appending(path: "\(name)/model.onnx").path }
}
