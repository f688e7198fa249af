import Kernels
import TestSupport
import Testing

/// Products of one matrix by several.
struct GEMMGroupTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let rows: Int, depth: Int, columns: [Int]
    var testDescription: String { "\(rows)x\(depth) by \(columns)" }
  }

  static let sizes = [
    Sizes(rows: 1, depth: 1, columns: [1, 1]), Sizes(rows: 13, depth: 70, columns: [33, 64, 7]),
    Sizes(rows: 128, depth: 64, columns: [64, 64, 64]), Sizes(rows: 25, depth: 801, columns: [96, 5]),
    Sizes(rows: 3, depth: 0, columns: [4, 40]), Sizes(rows: 700, depth: 400, columns: [31, 32, 33, 65]),
    Sizes(rows: 0, depth: 5, columns: [3, 3]), Sizes(rows: 7, depth: 9, columns: []),
  ]

  /// Whole numbers up to 8 keep every sum exact; each product has a bias, a residual or both, and an activation of its own.
  @Test(arguments: KernelTable.every, sizes)
  func equalsReferenceOnWholeNumbers(table: KernelTable, sizes: Sizes) {
    for threads in [1, 2, 3] {
      var random = SplitMix64(seed: UInt64(sizes.rows + 31 * sizes.depth))
      let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
      let a = GuardedBuffer(count: sizes.rows * sizes.depth, whole: -8...8, using: &random)
      let matrices = sizes.columns.map { GuardedBuffer(count: sizes.depth * $0, whole: -8...8, using: &random) }
      let biases = sizes.columns.map { GuardedBuffer(count: $0, whole: -8...8, using: &random) }
      let residuals = sizes.columns.map { GuardedBuffer(count: sizes.rows * $0, whole: -8...8, using: &random) }
      let outputs = sizes.columns.map { GuardedBuffer(count: sizes.rows * $0) }
      let packed = zip(matrices, sizes.columns).map { matrix, columns in
        let layout = PackedLayout.right(depth: sizes.depth, columns: columns, table: table)
        let packed = GuardedBuffer(count: layout.count)
        layout.pack(MatrixView(matrix.base, rowStride: columns), into: packed.base, context: context)
        return packed
      }
      let group = GEMMGroup(rows: sizes.rows, depth: sizes.depth, columns: sizes.columns, context: context)
      let scratch = GuardedBuffer(count: group.scratchBytes / 4)
      group.run(left: MatrixView(a.base, rowStride: sizes.depth), scratch: scratch.base) { i in
        GEMMGroup.Member(
          right: packed[i].base, output: outputs[i].base, rowStride: sizes.columns[i],
          epilogue: Epilogue(
            bias: i != 1 ? UnsafePointer(biases[i].base) : nil,
            residual: i > 0 ? UnsafePointer(residuals[i].base) : nil,
            activation: i == 2 ? .relu : i == 3 ? .leakyRelu(alpha: 0.5) : .none))
      }
      for (i, columns) in sizes.columns.enumerated() {
        var expected: [Float] = []
        for row in 0..<sizes.rows {
          for column in 0..<columns {
            var sum: Float = i != 1 ? biases[i].base[column] : 0
            for k in 0..<sizes.depth { sum += a.base[row * sizes.depth + k] * matrices[i].base[k * columns + column] }
            if i > 0 { sum += residuals[i].base[row * columns + column] }
            expected.append(sum >= 0 ? sum : i == 2 ? 0 : i == 3 ? 0.5 * sum : sum)
          }
        }
        #expect(outputs[i].elements == expected, "product \(i), \(threads) threads")
        #expect(outputs[i].isIntact && packed[i].isIntact)
      }
      #expect(scratch.isIntact)
    }
  }
}
