import Bench
import Graph
import Testing

struct ClassificationTests {
  @Test func ranksByProbability() throws {
    let top = try #require(Classification(Tensor(shape: [1, 4], [1, 3, 2, 3] as [Float]), keeping: 3)).top
    #expect(top.map(\.label) == [1, 3, 2])
    // e³ / (e + 2e³ + e²)
    #expect(abs(top[0].probability - 0.39948) < 1e-5)
  }

  @Test func largeScoresDoNotOverflow() throws {
    let top = try #require(Classification(Tensor(shape: [2], [1e4, 0] as [Float]))).top
    #expect(top[0].probability == 1 && top[1].probability == 0)
  }

  @Test func otherOutputsAreNoScores() {
    #expect(Classification(Tensor(shape: [1, 2, 3], [Float](repeating: 0, count: 6))) == nil)
    #expect(Classification(Tensor(shape: [2], [1, 2] as [Int64])) == nil)
    #expect(Classification(Tensor(shape: [1, 0], [Float]())) == nil)
  }
}
