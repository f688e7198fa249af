import Engine
import Graph
import TestSupport
import Testing

struct ReferenceTests {
  /// A walk over broadcast operands visits the elements that index arithmetic names.
  @Test(arguments: [
    ([2, 3, 4], [3, 1], [2, 3, 4]), ([1], [5, 1, 2], [5, 1, 2]), ([2, 1, 4], [1, 3, 1], [2, 3, 4]), ([], [], []),
    ([0, 3], [1, 3], [0, 3]),
  ])
  func broadcastWalk(a: [Int], b: [Int], shape: [Int]) {
    var walk = StridedWalk(broadcasting: [a, b], to: shape)
    var visited: [[Int]] = []
    for _ in 0..<walk.rowCount {
      for i in 0..<walk.rowLength { visited.append((0..<3).map { walk.offsets[$0] + i * walk.rowStrides[$0] }) }
      walk.advance()
    }
    let strides = [a, b].map { StridedWalk.broadcastStrides($0, to: shape) }
    let own = StridedWalk.rowMajorStrides(shape)
    let expected = (0..<shape.reduce(1, *)).map { position in
      let index = shape.indices.map { position / own[$0] % shape[$0] }
      return [position] + strides.map { zip(index, $0).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    #expect(visited.map { $0[1...] } == expected.map { $0[1...] })
    #expect(visited.map { $0[0] } == expected.map { $0[0] })
  }

  /// Arithmetic that would trap in Swift.
  @Test func arithmeticNeverTraps() throws {
    let lowest = Tensor(shape: [2], [Int32.min, 7])
    let divisors = Tensor(shape: [2], [Int32(-1), 0])
    #expect(try runTensor("Div", version: 14, [lowest, divisors])?.integers == [Int(Int32.min), 0])
    #expect(try runTensor("Mod", version: 13, [lowest, divisors])?.integers == [0, 0])
    #expect(try runTensor("Abs", version: 13, [lowest])?.integers == [Int(Int32.min), 7])
    #expect(try runTensor("Mul", version: 14, [lowest, lowest])?.integers == [0, 49])
    let shifts = Tensor(shape: [2], [UInt8(200), 1])
    let result = try runTensor(
      "BitShift", version: 11, [Tensor(shape: [2], [UInt8(1), 1]), shifts], attributes: ["direction": .string("LEFT")])
    #expect(result?.integers == [0, 2])
  }

  /// The rule of operator sets before 7: the second operand is aligned at an axis.
  @Test func legacyBroadcast() throws {
    let a = Tensor(shape: [2, 3, 2], [Float](repeating: 1, count: 12))
    let b = Tensor(shape: [3], [10, 20, 30] as [Float])
    let sum = try runTensor("Add", version: 6, [a, b], attributes: ["axis": .int(1), "broadcast": .int(1)])
    #expect(sum?.elements(Float.self) == [11, 11, 21, 21, 31, 31, 11, 11, 21, 21, 31, 31])
  }

  /// Text and packed elements take the same path as others.
  @Test func movesEveryWidth() throws {
    let perm: [String: Attribute] = ["perm": .ints([1, 0])]
    let words = Tensor(shape: [2, 2], strings: ["a", "b", "c", "d"])
    #expect(try runTensor("Transpose", version: 13, [words], attributes: perm)?.strings == ["a", "c", "b", "d"])
    let nibbles = Tensor(shape: [2, 3], packing: [1, 2, 3, 4, 5, 6], as: .uint4)
    let moved = try #require(try runTensor("Transpose", version: 21, [nibbles], attributes: perm))
    #expect(moved.shape == [3, 2] && moved.unpackedCodes() == [1, 4, 2, 5, 3, 6])
  }

  /// Indices beyond the data are errors that name them.
  @Test func indicesAreChecked() throws {
    let data = Tensor(shape: [3], [1, 2, 3] as [Float])
    let index = Tensor(shape: [1], [Int64(3)])
    #expect(
      throws: EngineError.model(
        source: "single",
        .invalidValue(node: "node", input: "indices", expected: "indices from -3 to 2", found: "3"))
    ) { try runTensor("Gather", version: 13, [data, index]) }
  }

  @Test(arguments: [
    (0, 3, 1, [0, 1, 2]), (-1, Int.min, -1, [4, 3, 2, 1, 0]), (1, Int.max, 2, [1, 3]), (4, 1, -2, [4, 2]),
    (7, 9, 1, []), (0, 5, Int.max, [0]), (4, -100, Int.min, [4]),
  ])
  func slices(start: Int, end: Int, step: Int, expected: [Int]) {
    let range = SliceRange(start: start, end: end, step: step, size: 5)
    #expect(range.map { r in (0..<r.count).map { r.start + $0 * r.step } } == expected)
    #expect(SliceRange(start: 0, end: 1, step: 0, size: 5) == nil)
  }

  /// One seed, one sequence; the mean of many is that of the distribution.
  @Test func seededRandomness() throws {
    func draw() throws -> [Float] {
      try runTensor(
        "RandomNormal", version: 22, [], attributes: ["shape": .ints([10_000]), "seed": .float(7), "mean": .float(3)])?
        .elements(Float.self) ?? []
    }
    let first = try draw()
    #expect(try first == draw())
    // Five standard errors of the mean of 10,000 numbers.
    #expect(abs(first.reduce(0, +) / 10_000 - 3) < 0.05)
  }
}
