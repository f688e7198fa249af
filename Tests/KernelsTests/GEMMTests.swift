import Kernels
import TestSupport
import Testing

/// Sums in double precision, as the definition says.
private func referenceProduct(
  _ shape: GEMMShape, a: (Int, Int) -> Float, b: (Int, Int) -> Float, initial: (Int, Int) -> Float
) -> [Double] {
  var c = [Double](repeating: 0, count: shape.rows * shape.columns)
  for i in 0..<shape.rows {
    for j in 0..<shape.columns {
      var sum = Double(initial(i, j))
      for k in 0..<shape.depth { sum += Double(a(i, k)) * Double(b(k, j)) }
      c[i * shape.columns + j] = sum
    }
  }
  return c
}

private func randomShapes(_ count: Int, seed: UInt64, largest: Int = 70) -> [GEMMShape] {
  var random = SplitMix64(seed: seed)
  let sizes = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70]
  func size() -> Int { sizes.filter { $0 <= largest }.randomElement(using: &random) ?? 1 }
  return (0..<count).map { _ in GEMMShape(rows: size(), columns: size(), depth: size()) }
}

/// Runs a product in guarded buffers, whole numbers up to 8: every FP32 sum is exact.
private func equalsReference(
  _ shape: GEMMShape, table: KernelTable, threads: Int = 1, seed: UInt64, transposeA: Bool = false,
  transposeB: Bool = false, packA: Bool = false, packB: Bool = false
) -> Bool {
  var random = SplitMix64(seed: seed)
  let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
  let (m, n, k) = (shape.rows, shape.columns, shape.depth)
  let a = GuardedBuffer(count: m * k, whole: -8...8, using: &random)
  let b = GuardedBuffer(count: k * n, whole: -8...8, using: &random)
  let rowStride = n + Int.random(in: 0...3, using: &random)
  let initial = (0..<max(0, (m - 1) * rowStride + n)).map { _ in Float(Int.random(in: -8...8, using: &random)) }
  let residual = GuardedBuffer(initial.map { $0 * 2 })
  let c = GuardedBuffer(initial)
  let (accumulates, bias, adds) = (
    Bool.random(using: &random), Int.random(in: 0...2, using: &random), Bool.random(using: &random)
  )
  let relu = Bool.random(using: &random)
  let biases = GuardedBuffer(count: bias == 1 ? m : n, whole: -8...8, using: &random)

  let aView = transposeA ? MatrixView(a.base, rowStride: 1, columnStride: m) : MatrixView(a.base, rowStride: k)
  let bView = transposeB ? MatrixView(b.base, rowStride: 1, columnStride: k) : MatrixView(b.base, rowStride: n)
  let aLayout = PackedLayout.left(rows: m, depth: k, table: table)
  let bLayout = PackedLayout.right(depth: k, columns: n, table: table)
  let aPacked = GuardedBuffer(count: aLayout.count)
  let bPacked = GuardedBuffer(count: bLayout.count)
  if packA { aLayout.pack(aView, into: aPacked.base, context: context) }
  if packB { bLayout.pack(bView, into: bPacked.base, context: context) }
  let product = GEMM(shape, packedLeft: packA, packedRight: packB, context: context)
  let scratch = GuardedBuffer(count: product.scratchBytes / 4)
  product.run(
    left: packA ? .packed(aPacked.base) : .strided(aView), right: packB ? .packed(bPacked.base) : .strided(bView),
    output: c.base, rowStride: rowStride, accumulate: accumulates,
    epilogue: Epilogue(
      bias: bias == 0 ? nil : UnsafePointer(biases.base), axis: bias == 1 ? .rows : .columns,
      residual: adds ? UnsafePointer(residual.base) : nil, activation: relu ? .relu : .none),
    scratch: scratch.base)

  let expected = referenceProduct(
    shape, a: { aView.base[$0 * aView.rowStride + $1 * aView.columnStride] },
    b: { bView.base[$0 * bView.rowStride + $1 * bView.columnStride] },
    initial: { i, j in
      (accumulates ? initial[i * rowStride + j] : 0) + (adds ? initial[i * rowStride + j] * 2 : 0)
        + (bias == 1 ? biases.base[i] : bias == 2 ? biases.base[j] : 0)
    })
  var untouched = true
  var equal = true
  for i in 0..<m {
    for j in 0..<rowStride where i * rowStride + j < c.count {
      let found = c.base[i * rowStride + j]
      if j < n {
        let sum = expected[i * n + j]
        equal = equal && Double(found) == (relu ? max(0, sum) : sum)
      } else {
        untouched = untouched && found == initial[i * rowStride + j]
      }
    }
  }
  return equal && untouched && c.isIntact && a.isIntact && b.isIntact && scratch.isIntact && aPacked.isIntact
    && bPacked.isIntact
}

@Suite struct GEMMTests {
  @Test(arguments: KernelTable.every, randomShapes(60, seed: 1))
  func equalsReferenceOnWholeNumbers(table: KernelTable, shape: GEMMShape) {
    let seed = UInt64(shape.rows * 10007 + shape.columns * 101 + shape.depth)
    for variant in 0..<16 {
      #expect(
        equalsReference(
          shape, table: table, threads: variant % 3 == 2 ? 2 : 1, seed: seed + UInt64(variant),
          transposeA: variant & 1 != 0, transposeB: variant & 2 != 0, packA: variant & 4 != 0, packB: variant & 8 != 0),
        "variant \(variant)")
    }
  }

  /// Every tile: all counts of rows with all rests of columns.
  @Test(arguments: KernelTable.every)
  func everyTileEqualsReference(table: KernelTable) {
    for rows in 1...(2 * table.tileRows + 1) {
      for columns in 1...(table.tileColumns + table.lanes + 1) {
        let shape = GEMMShape(rows: rows, columns: columns, depth: 3)
        #expect(equalsReference(shape, table: table, seed: UInt64(rows * 100 + columns)), "\(shape)")
      }
    }
  }

  /// Sizes beyond one block of depth, rows and columns.
  @Test(arguments: KernelTable.every, [1, 3])
  func blocksEqualReference(table: KernelTable, threads: Int) {
    for shape in [
      GEMMShape(rows: 67, columns: 301, depth: 1031), GEMMShape(rows: 701, columns: 37, depth: 400),
      GEMMShape(rows: 1, columns: 1030, depth: 700), GEMMShape(rows: 130, columns: 1, depth: 900),
    ] {
      #expect(equalsReference(shape, table: table, threads: threads, seed: 7, packB: true), "\(shape)")
      #expect(equalsReference(shape, table: table, threads: threads, seed: 8, transposeB: true), "\(shape)")
    }
  }

  /// Rounding: |error| ≤ ε (k + 1) Σ|a||b|, which is at most ε (k + 1) k for operands in -1...1.
  @Test(arguments: KernelTable.every, randomShapes(20, seed: 3))
  func realNumbersStayWithinTheErrorBound(table: KernelTable, shape: GEMMShape) {
    var random = SplitMix64(seed: 9)
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let a = GuardedBuffer(count: shape.rows * shape.depth, in: -1...1, using: &random)
    let b = GuardedBuffer(count: shape.depth * shape.columns, in: -1...1, using: &random)
    let c = GuardedBuffer(count: shape.rows * shape.columns)
    let product = GEMM(shape, context: context)
    let scratch = GuardedBuffer(count: product.scratchBytes / 4)
    product.run(
      left: .strided(MatrixView(a.base, rowStride: shape.depth)),
      right: .strided(MatrixView(b.base, rowStride: shape.columns)),
      output: c.base, rowStride: shape.columns, scratch: scratch.base)
    let expected = referenceProduct(
      shape, a: { a.base[$0 * shape.depth + $1] }, b: { b.base[$0 * shape.columns + $1] }, initial: { _, _ in 0 })
    let bound = Double(Float.ulpOfOne) * Double(shape.depth + 1) * Double(shape.depth)
    for (found, wanted) in zip(c.elements, expected) { #expect(abs(Double(found) - wanted) <= bound) }
  }

  @Test(arguments: KernelTable.every, [1, 2])
  func batchBroadcastsOperands(table: KernelTable, threads: Int) {
    var random = SplitMix64(seed: 4)
    let shape = GEMMShape(rows: 5, columns: 19, depth: 8)
    let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
    let a = GuardedBuffer(count: 3 * 40, whole: -8...8, using: &random)
    let b = GuardedBuffer(count: 2 * 152, whole: -8...8, using: &random)
    let c = GuardedBuffer(count: 6 * 95)
    let items = (0..<6).map { GEMM.BatchOffset(left: $0 % 3 * 40, right: $0 / 3 * 152, output: $0 * 95) }
    let product = GEMM(shape, batch: items, context: context)
    let scratch = GuardedBuffer(count: product.scratchBytes / 4)
    product.run(
      left: .strided(MatrixView(a.base, rowStride: 8)), right: .strided(MatrixView(b.base, rowStride: 19)),
      output: c.base, rowStride: 19, scratch: scratch.base)
    for item in items {
      let expected = referenceProduct(
        shape, a: { a.base[item.left + $0 * 8 + $1] }, b: { b.base[item.right + $0 * 19 + $1] }, initial: { _, _ in 0 })
      #expect(c.elements[item.output..<item.output + 95].map(Double.init) == expected)
    }
  }

  @Test(arguments: KernelTable.every)
  func depthOfZeroGivesTheEpilogueAlone(table: KernelTable) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let bias = GuardedBuffer([1, -2, 3])
    let c = GuardedBuffer(count: 6)
    let product = GEMM(GEMMShape(rows: 2, columns: 3, depth: 0), context: context)
    let scratch = GuardedBuffer(count: product.scratchBytes / 4)
    product.run(
      left: .strided(MatrixView(c.base, rowStride: 0)), right: .strided(MatrixView(c.base, rowStride: 3)),
      output: c.base,
      rowStride: 3, epilogue: Epilogue(bias: bias.base, activation: .relu), scratch: scratch.base)
    #expect(c.elements == [1, 0, 3, 1, 0, 3])
  }

  @Test(arguments: KernelTable.every)
  func nanPassesThroughActivations(table: KernelTable) {
    for activation in [Activation.none, .relu, .clip(min: 0, max: 6)] {
      let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
      let a = GuardedBuffer([.nan])
      let c = GuardedBuffer(count: 1)
      let product = GEMM(GEMMShape(rows: 1, columns: 1, depth: 1), context: context)
      let scratch = GuardedBuffer(count: product.scratchBytes / 4)
      product.run(
        left: .strided(MatrixView(a.base, rowStride: 1)), right: .strided(MatrixView(a.base, rowStride: 1)),
        output: c.base, rowStride: 1, epilogue: Epilogue(activation: activation), scratch: scratch.base)
      #expect(c.elements[0].isNaN, "\(activation)")
    }
  }
}
