import COpenBLAS
import Kernels
import TestSupport
import Testing

/// The products against an independent library's.
@Suite struct OpenBLASTests {
  struct Case: CustomStringConvertible {
    let shape: GEMMShape
    let transposesA: Bool, transposesB: Bool
    var description: String {
      "\(shape.rows)x\(shape.columns)x\(shape.depth)\(transposesA ? " Aᵀ" : "")\(transposesB ? " Bᵀ" : "")"
    }
  }

  static let cases: [Case] = {
    var random = SplitMix64(seed: 21)
    return (0..<40).map { _ in
      func size() -> Int {
        Bool.random(using: &random) ? .random(in: 1...40, using: &random) : .random(in: 1...500, using: &random)
      }
      return Case(
        shape: GEMMShape(rows: size(), columns: size(), depth: size()), transposesA: .random(using: &random),
        transposesB: .random(using: &random))
    }
  }()

  @Test func theLibraryIsATableOfItsOwn() throws {
    #expect(try KernelTable.select("openblas") === KernelTable.openBLAS)
    #expect(KernelTable.openBLAS?.name == "openblas")
  }

  /// Each side's error is at most ε k Σ|a||b| (Higham, "Accuracy and Stability of Numerical Algorithms", section 3.5), and
  /// Σ|a||b| is at most k for operands in -1...1.
  @Test(arguments: KernelTable.every, cases)
  func agreesWithSgemm(table: KernelTable, testCase: Case) {
    openblas_set_num_threads(1)
    let shape = testCase.shape
    let (m, n, k) = (shape.rows, shape.columns, shape.depth)
    var random = SplitMix64(seed: UInt64(m * 1_000_003 + n * 1009 + k))
    let a = GuardedBuffer(count: m * k, in: -1...1, using: &random)
    let b = GuardedBuffer(count: k * n, in: -1...1, using: &random)
    let (c, expected) = (GuardedBuffer(count: m * n), GuardedBuffer(count: m * n, repeating: 0))
    let aView =
      testCase.transposesA ? MatrixView(a.base, rowStride: 1, columnStride: m) : MatrixView(a.base, rowStride: k)
    let bView =
      testCase.transposesB ? MatrixView(b.base, rowStride: 1, columnStride: k) : MatrixView(b.base, rowStride: n)
    cblas_sgemm(
      CblasRowMajor, testCase.transposesA ? CblasTrans : CblasNoTrans, testCase.transposesB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), 1, a.base, blasint(testCase.transposesA ? m : k), b.base,
      blasint(testCase.transposesB ? k : n), 0, expected.base, blasint(n))
    let product = GEMM(shape, context: KernelContext(table: table, pool: ThreadPool(threads: 2)))
    let scratch = GuardedBuffer(count: product.scratchBytes / 4)
    product.run(left: .strided(aView), right: .strided(bView), output: c.base, rowStride: n, scratch: scratch.base)
    let bound = 2 * Float.ulpOfOne * Float(k) * Float(k)
    var worst: Float = 0
    for i in 0..<m * n { worst = max(worst, abs(c.base[i] - expected.base[i])) }
    #expect(worst <= bound)
    #expect(c.isIntact && scratch.isIntact)
  }
}
