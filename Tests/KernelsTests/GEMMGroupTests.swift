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

  // MARK: - Strassen's algorithm

  /// Halves of rows with and without their last row, one block of rows and several, one piece of depth and several, pairs of one
  /// task and of several; columns are pairs of the panels of every table.
  static let halvedSizes = [
    Sizes(rows: 1, depth: 2, columns: [64]), Sizes(rows: 2, depth: 6, columns: [64, 128]),
    Sizes(rows: 3, depth: 258, columns: [64]), Sizes(rows: 25, depth: 1026, columns: [128, 64, 64]),
    Sizes(rows: 48, depth: 64, columns: [192]), Sizes(rows: 128, depth: 768, columns: [64, 64]),
    Sizes(rows: 231, depth: 2052, columns: [64]), Sizes(rows: 0, depth: 4, columns: [64]),
    Sizes(rows: 26, depth: 1600, columns: [64, 640]),
    // Blocks of unequal numbers of panels, which more threads than panels share.
    Sizes(rows: 200, depth: 2052, columns: [64]),
  ]

  /// There are only additions: whole numbers stay exact.
  @Test(arguments: KernelTable.runnable, halvedSizes)
  func strassenEqualsSumsOnWholeNumbers(table: KernelTable, sizes: Sizes) {
    var random = SplitMix64(seed: UInt64(sizes.rows + 31 * sizes.depth))
    let operands = Operands(sizes, table: table) { GuardedBuffer(count: $0, whole: -8...8, using: &random) }
    let expected = operands.run(.sums, threads: 1)
    for threads in [1, 2, 3, 5, 9, 16] {
      #expect(operands.run(.strassen, threads: threads) == expected, "\(threads) threads")
      #expect(
        operands.run(.strassen, threads: threads, isTransposed: true) == expected, "\(threads) threads, transposed")
    }
  }

  /// Rounding errors are those that `StrassenTests` bounds.
  @Test(arguments: KernelTable.runnable, [(9, 64), (16, 1024), (128, 256)])
  func strassenStaysWithinItsErrorBound(table: KernelTable, size: (rows: Int, depth: Int)) {
    var random = SplitMix64(seed: 73)
    let sizes = Sizes(rows: size.rows, depth: size.depth, columns: [64])
    let operands = Operands(sizes, table: table) { GuardedBuffer(count: $0, in: -1...1, using: &random) }
    let (a, b) = (operands.left.elements, operands.matrices[0].elements)
    let found = operands.run(.strassen, threads: 2)[0]
    var largest = 0.0
    for row in 0..<size.rows {
      for column in 0..<64 {
        var sum = Double(operands.biases[0].elements[column])
        for k in 0..<size.depth { sum += Double(a[row * size.depth + k]) * Double(b[k * 64 + column]) }
        largest = max(largest, abs(Double(found[row * 64 + column]) - sum))
      }
    }
    let root = Double(size.depth).squareRoot()
    #expect(largest <= 0x1p-24 * root / 3 * 1.5 * (20 + 3.5 * root))
  }

  /// A row counts for itself and the row that it is paired with.
  @Test(arguments: KernelTable.runnable)
  func strassenPairsNeighbours(table: KernelTable) {
    var random = SplitMix64(seed: 74)
    let sizes = Sizes(rows: 12, depth: 64, columns: [64])
    let operands = Operands(sizes, table: table) { GuardedBuffer(count: $0, whole: -8...8, using: &random) }
    let expected = operands.run(.sums, threads: 1)[0]
    operands.left.base[6 * 64 + 5] = .nan
    let found = operands.run(.strassen, threads: 1)[0]
    for row in 0..<12 where row / 2 != 3 {
      #expect(found[row * 64..<(row + 1) * 64] == expected[row * 64..<(row + 1) * 64])
    }
    let touched = found[6 * 64..<7 * 64].filter(\.isNaN)
    #expect(touched.count == 64)
  }

  @Test(arguments: KernelTable.every)
  func strassenIsForWholePairsOfPanels(table: KernelTable) {
    let strassen = GEMMGroup.Algorithm.strassen
    #expect(strassen.supports(depth: 64, columns: [64, 128], table: table) == (table.name != "openblas"))
    #expect(!strassen.supports(depth: 63, columns: [64], table: table))
    #expect(!strassen.supports(depth: 64, columns: [64, 65], table: table))
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    func choice(_ rows: Int, _ depth: Int, _ columns: Int...) -> GEMMGroup.Algorithm {
      GEMMGroup.choice(rows: rows, depth: depth, columns: columns, context: context)
    }
    #expect(choice(1, 768, 768) == .sums && choice(8, 768, 768) == .sums)
    #expect(choice(128, 768, 770) == .sums)
    #expect(choice(128, 512, 2048) == .sums && choice(128, 768, 768, 2048) == .sums)
    #expect(choice(128, 768, 768, 768, 768) == (table.lanes >= 16 && table.name != "openblas" ? .strassen : .sums))
  }

  /// Matrices for products with biases, residuals and activations.
  private struct Operands {
    let sizes: Sizes
    let table: KernelTable
    let left: GuardedBuffer, matrices: [GuardedBuffer], biases: [GuardedBuffer]

    init(_ sizes: Sizes, table: KernelTable, make: (Int) -> GuardedBuffer) {
      (self.sizes, self.table) = (sizes, table)
      left = make(sizes.rows * sizes.depth)
      matrices = sizes.columns.map { make(sizes.depth * $0) }
      biases = sizes.columns.map { make($0) }
    }

    /// The products: the second takes its residual from the memory of its result, the third has an activation.
    func run(_ algorithm: GEMMGroup.Algorithm, threads: Int, isTransposed: Bool = false) -> [[Float]] {
      let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
      let packed = zip(matrices, sizes.columns).map { matrix, columns in
        let layout = PackedLayout.right(depth: sizes.depth, columns: columns, table: table)
        let packed = GuardedBuffer(count: layout.count)
        layout.pack(MatrixView(matrix.base, rowStride: columns), into: packed.base, context: context)
        return packed
      }
      let transposed = GuardedBuffer(
        (0..<sizes.depth).flatMap { k in (0..<sizes.rows).map { left.base[$0 * sizes.depth + k] } })
      let view =
        isTransposed
        ? MatrixView(transposed.base, rowStride: 1, columnStride: sizes.rows)
        : MatrixView(left.base, rowStride: sizes.depth)
      // Rows of the outputs are longer than those of the results.
      let outputs = sizes.columns.map { GuardedBuffer((0..<sizes.rows * ($0 + 3)).map { Float($0 % 17) - 8 }) }
      let group = GEMMGroup(
        rows: sizes.rows, depth: sizes.depth, columns: sizes.columns, algorithm: algorithm, context: context)
      let scratch = GuardedBuffer(count: group.scratchBytes / 4)
      group.run(left: view, scratch: scratch.base) { i in
        GEMMGroup.Member(
          right: packed[i].base, output: outputs[i].base, rowStride: sizes.columns[i] + 3,
          epilogue: Epilogue(
            bias: UnsafePointer(biases[i].base), residual: i == 1 ? UnsafePointer(outputs[i].base) : nil,
            activation: i == 2 ? .leakyRelu(alpha: 0.5) : .none))
      }
      #expect(scratch.isIntact && left.isIntact && (outputs + packed).allSatisfy(\.isIntact))
      return zip(outputs, sizes.columns).map { output, columns in
        let elements = output.elements
        return (0..<sizes.rows).flatMap { row in
          #expect(
            (columns..<columns + 3).allSatisfy {
              elements[row * (columns + 3) + $0] == Float((row * (columns + 3) + $0) % 17) - 8
            })
          return elements[row * (columns + 3)..<row * (columns + 3) + columns]
        }
      }
    }
  }
}
