import Bench
import Foundation
import Testing
import Zoo

struct StudyTests {
  @Test func modelsWithoutAStudentHaveNoDistilledCell() {
    let cells = Experiment.all(of: [.zoo(.bertBase), .zoo(.resNet50), .file("a/my.onnx")])
    #expect(
      cells.map(\.title) == ["bert-base, Identity", "bert-base, Distilled", "resnet50, Identity", "my, Identity"])
    #expect(cells[1].deployed == .zoo(.bertSmall))
  }

  @Test(arguments: [
    (BenchmarkProtocol.study, 10.0, 100, 500),
    (BenchmarkProtocol(warmup: 20, inputs: 20, repetitions: 5, budgetSeconds: 12), 0.01, 20, 100),
    (BenchmarkProtocol(warmup: 20, inputs: 20, repetitions: 5, budgetSeconds: 12), 0.2, 10, 50),
    (BenchmarkProtocol(warmup: 20, inputs: 20, repetitions: 5, budgetSeconds: 12), 60, 2, 5),
    (BenchmarkProtocol(warmup: 0, inputs: 1, repetitions: 1, budgetSeconds: 1), 60, 0, 1),
  ])
  func theBudgetBoundsRequests(requests: BenchmarkProtocol, seconds: Double, warmup: Int, measured: Int) {
    let bounded = requests.bounded(requestSeconds: seconds)
    #expect(bounded.warmup == warmup && bounded.measured == measured)
  }

  @Test func readsTheInputsOfTheDefaultBenchmark() throws {
    let data = try StudyData(folder: Fixtures.model("inputs"))
    #expect(data.images.count == 7 && data.pairs.count == 20)
    try withTemporaryFolder { folder in
      #expect(throws: BenchError.nothingFound(folder: folder.path, what: "image (.jpg, .png) and no pairs.tsv")) {
        try StudyData(folder: folder)
      }
    }
  }

  @Test func referencesAreFilesOrOfTheZoo() throws {
    #expect(try ModelReference("zoo:resnet50") == .zoo(.resNet50))
    #expect(try ModelReference("a/b.onnx") == .file("a/b.onnx"))
    #expect(throws: ZooError.unknownModel(name: "x")) { try ModelReference("zoo:x") }
  }
}
