import Graph
import Testing
import Zoo

@Suite struct SeededWeightsTests {
  /// Numbers from the same definition in Python, with `numpy.float32` for the last steps.
  @Test(
    arguments: [
      (20_240_229, "fc.weight", 0, Distribution(deviation: 1), 1_058_641_917),
      (20_240_229, "fc.weight", 1, Distribution(deviation: 1), 1_067_427_938),
      (20_240_229, "fc.weight", 1_000_000, Distribution(deviation: 1), 1_055_344_948),
      (1, "fc.weight", 0, Distribution(deviation: 1), 1_047_344_696),
      (20_240_229, "bert.embeddings.LayerNorm.weight", 7, Distribution(mean: 1, deviation: 0.1), 1_066_056_471),
    ] as [(UInt64, String, Int, Distribution, UInt32)])
  func equalsDefinition(
    seed: UInt64, parameter: String, element: Int, distribution: Distribution, bits: UInt32
  ) throws {
    let tensor = SeededWeights(seed: seed).draw(parameter, shape: [element + 1], from: distribution)
    #expect(try #require(tensor.elements(Float.self)?.last).bitPattern == bits)
  }

  /// Bounds are five standard errors of the estimates over a million normal numbers: √(1/n), √(1/2n), √(96/n).
  @Test func hasMomentsOfNormalDistribution() throws {
    let count = 1 << 20
    let tensor = SeededWeights(seed: 7).draw("x", shape: [count], from: Distribution(deviation: 1))
    let x = try #require(tensor.elements(Float.self)).map(Double.init)
    let n = Double(count)
    let mean = x.reduce(0, +) / n
    let variance = x.reduce(0) { $0 + $1 * $1 } / n
    let fourth = x.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    #expect(abs(mean) < 5 * (1 / n).squareRoot())
    #expect(abs(variance.squareRoot() - 1) < 5 * (1 / (2 * n)).squareRoot())
    #expect(abs(fourth - 3) < 5 * (96 / n).squareRoot())
    #expect(x.allSatisfy { abs($0) < 4.07 } && x.contains { abs($0) > 3.8 })
  }

  @Test func centredRowsSumToZero() throws {
    for length in [1, 3, 36, 1000] {
      let tensor = SeededWeights(seed: 7).draw(
        "x", shape: [5, length], from: Distribution(deviation: 1, isCentred: true))
      let x = try #require(tensor.elements(Float.self))
      for row in 0..<5 {
        // Each sum of n numbers below 4.1 rounds by at most 4.1·n·n/2²⁴ in all, and so does the mean n times.
        let bound = 8.2 * Float(length * length) / 16_777_216
        #expect(abs(x[row * length..<(row + 1) * length].reduce(0, +)) <= bound)
      }
    }
  }

  @Test func dependsOnSeedAndName() throws {
    func draw(_ seed: UInt64, _ name: String) -> [Float]? {
      SeededWeights(seed: seed).draw(name, shape: [16], from: Distribution(deviation: 1)).elements(Float.self)
    }
    #expect(draw(1, "a") == draw(1, "a"))
    #expect(draw(1, "a") != draw(2, "a"))
    #expect(draw(1, "a") != draw(1, "b"))
  }

  @Test func modelsOfOneSeedAreEqual() throws {
    func weights(_ seed: UInt64) throws -> [[Float]] {
      let graph = try ZooModel.tinyCNN.build(seed: seed).graph
      return graph.valueIDs.compactMap { graph[$0].constant?.elements(Float.self) }
    }
    #expect(try weights(1) == weights(1))
    #expect(try weights(1) != weights(2))
  }
}
