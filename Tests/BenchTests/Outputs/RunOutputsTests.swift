import Bench
import Engine
import Foundation
import Graph
import Testing

struct RunOutputsTests {
  private let values: [String: RuntimeValue] = [
    "a": .tensor(Tensor(scalar: 1 as Float)), "b": .sequence([Tensor(scalar: 2 as Float)], of: .float32), "c": .none,
    "d": .tensor(Tensor(scalar: 3 as Float)),
  ]

  @Test func writesTensorsAndSequences() throws {
    try withTemporaryFolder { folder in
      try RunOutputs.write(values, order: ["a", "b", "c", "d"], to: folder)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files.sorted() == ["a.npy", "b_0.npy", "d.npy"])
      #expect(try Tensor(npyFile: folder.appending(path: "b_0.npy")).elements(Float.self) == [2])
    }
  }

  @Test func anErrorLeavesNoPartOfTheOutputs() throws {
    try withTemporaryFolder { folder in
      // A folder with contents cannot be replaced by a file.
      let obstacle = folder.appending(path: "d.npy/full")
      try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: true)
      #expect(throws: BenchError.self) { try RunOutputs.write(values, order: ["a", "b", "c", "d"], to: folder) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["d.npy"])
    }
  }

  @Test func twoOutputsMayNotTakeOneFile() throws {
    try withTemporaryFolder { folder in
      let values = ["a_0": values["a"] ?? .none, "a": values["b"] ?? .none]
      #expect(
        throws: BenchError.unwritable(
          file: folder.appending(path: "a_0.npy").path,
          reason: "two outputs of the model would be written to it, 'a' is one of them")
      ) {
        try RunOutputs.write(values, order: ["a_0", "a"], to: folder)
      }
    }
  }
}
