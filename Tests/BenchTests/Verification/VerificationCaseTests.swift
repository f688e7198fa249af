import Bench
import Foundation
import Testing

struct VerificationCaseTests {
  @Test func findsCasesAtAnyDepthSortedByName() throws {
    try withTemporaryFolder { root in
      for path in ["b/test_two", "a/deep/test_one"] {
        try makeCase(at: root.appending(path: path))
      }
      try FileManager.default.createDirectory(
        at: root.appending(path: "c/no_model/test_data_set_0"), withIntermediateDirectories: true)
      #expect(try VerificationCase.find(in: root).map(\.name) == ["a/deep/test_one", "b/test_two"])
    }
  }

  @Test func aFolderThatIsACaseKeepsItsOwnName() throws {
    try withTemporaryFolder { root in
      let folder = root.appending(path: "test_three")
      try makeCase(at: folder)
      #expect(try VerificationCase.find(in: folder).map(\.name) == ["test_three"])
    }
  }

  @Test func dataSetsComeInTheOrderOfTheirNumbers() throws {
    try withTemporaryFolder { root in
      try makeCase(at: root, dataSets: [0, 2, 10])
      let names = VerificationCase(name: "x", folder: root).dataSets.map(\.lastPathComponent)
      #expect(names == ["test_data_set_0", "test_data_set_2", "test_data_set_10"])
    }
  }

  @Test func saysWhatItMisses() throws {
    try withTemporaryFolder { root in
      let missing = root.appending(path: "absent")
      #expect(throws: BenchError.unreadable(file: missing.path, reason: "no such folder")) {
        try VerificationCase.find(in: missing)
      }
      #expect(
        throws: BenchError.nothingFound(
          folder: root.path, what: "case (a folder with model.onnx and test_data_set_0)")
      ) {
        try VerificationCase.find(in: root)
      }
    }
  }

  @Test func readsTolerances() throws {
    try withTemporaryFolder { root in
      #expect(try Tolerance(ofCase: root) == .standard)
      let file = root.appending(path: "tolerance.json")
      try Data(#"{"rtol": 0.5}"#.utf8).write(to: file)
      #expect(try Tolerance(ofCase: root) == Tolerance(relative: 0.5, absolute: 1e-7))
      for text in ["[]", #"{"rtol": -1}"#, #"{"rtoll": 0.5}"#] {
        try Data(text.utf8).write(to: file)
        #expect(throws: BenchError.self, "\(text)") { try Tolerance(ofCase: root) }
      }
    }
  }

  private func makeCase(at folder: URL, dataSets: [Int] = [0]) throws {
    for number in dataSets {
      try FileManager.default.createDirectory(
        at: folder.appending(path: "test_data_set_\(number)"), withIntermediateDirectories: true)
    }
    try Data().write(to: folder.appending(path: "model.onnx"))
  }
}
