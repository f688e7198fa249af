import Bench
import Foundation
import Graph
import TestSupport
import Testing

/// What a case must hold to be judged, on a copy of a case that passes.
struct VerifierTests {
  /// Copies the case of a model with one input and one output, lets `change` edit its data set, and runs it.
  private func result(changing change: (_ dataSet: URL) throws -> Void) throws -> (VerificationResult, dataSet: URL) {
    try withTemporaryFolder { folder in
      let copy = folder.appending(path: "case")
      try FileManager.default.copyItem(at: Fixture.folder.appending(path: "opset7_network"), to: copy)
      let dataSet = copy.appending(path: "test_data_set_0")
      try change(dataSet)
      return (Verifier().run(VerificationCase(name: "case", folder: copy)), dataSet)
    }
  }

  @Test func aWholeDataSetPasses() throws {
    #expect(try result { _ in }.0 == VerificationResult(name: "case", status: .pass))
  }

  /// Nothing was compared: such a case may not pass.
  @Test(arguments: ["input", "output"])
  func aMissingFileIsAnError(role: String) throws {
    let (result, dataSet) = try result { try FileManager.default.removeItem(at: $0.appending(path: "\(role)_0.pb")) }
    let expected = BenchError.malformed(
      file: dataSet.path, what: "the model has 1 \(role): expected \(role)_0.pb, found none")
    #expect(result == VerificationResult(name: "case", status: .error, detail: "\(expected)"))
  }

  @Test(arguments: ["input", "output"], [1, 7])
  func aSurplusFileIsAnError(role: String, number: Int) throws {
    let (result, dataSet) = try result { dataSet in
      try FileManager.default.copyItem(
        at: dataSet.appending(path: "\(role)_0.pb"), to: dataSet.appending(path: "\(role)_\(number).pb"))
    }
    let expected = BenchError.malformed(
      file: dataSet.path,
      what: "the model has 1 \(role): expected \(role)_0.pb, found \(role)_0.pb, \(role)_\(number).pb")
    #expect(result == VerificationResult(name: "case", status: .error, detail: "\(expected)"))
  }

  @Test func aCaseWithoutDataIsAnError() throws {
    let (result, dataSet) = try result { try FileManager.default.removeItem(at: $0) }
    let expected = BenchError.nothingFound(
      folder: dataSet.deletingLastPathComponent().path, what: "folder test_data_set_0")
    #expect(result == VerificationResult(name: "case", status: .error, detail: "\(expected)"))
  }
}
