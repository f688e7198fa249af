import KernelTemplates

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// OpenBLAS's product, for processors without a tuned table; loaded when it is first asked for, not linked.
enum OpenBLAS {
  // cblas_sgemm(order, transA, transB, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc), with 32-bit integers.
  private typealias SGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32, Float,
      UnsafeMutablePointer<Float>, Int32
    ) -> Void
  private typealias SetThreads = @convention(c) (Int32) -> Void

  private static let sgemm: SGEMM? = {
    #if canImport(Glibc)
      let name = "libopenblas.so.0"
    #else
      let name = "libopenblas.dylib"
    #endif
    // Our pool shares a product out: threads of the library's own would take its processors.
    setenv("OPENBLAS_NUM_THREADS", "1", 0)
    guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL), let sgemm = dlsym(library, "cblas_sgemm") else {
      return nil
    }
    if let setThreads = dlsym(library, "openblas_set_num_threads") {
      unsafeBitCast(setThreads, to: SetThreads.self)(1)
    }
    return unsafeBitCast(sgemm, to: SGEMM.self)
  }()

  /// The library is on this machine.
  static var isThere: Bool { sgemm != nil }

  /// Computes one product on this thread.
  static func run(_ product: borrowing MatrixProduct) {
    let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)  // the values of cblas.h
    let leftIsPlain = product.leftColumnStride == 1
    let rightIsPlain = product.rightColumnStride == 1
    // The library wants leading dimensions no less than a row, also where there is one row only and no next.
    let (m, n, k) = (product.rows, product.columns, product.depth)
    let leftStride = leftIsPlain ? max(product.leftRowStride, k, 1) : max(product.leftColumnStride, m, 1)
    let rightStride = rightIsPlain ? max(product.rightRowStride, n, 1) : max(product.rightColumnStride, k, 1)
    sgemm?(
      rowMajor, leftIsPlain ? plain : transposed, rightIsPlain ? plain : transposed, Int32(m), Int32(n), Int32(k), 1,
      product.left, Int32(leftStride), product.right, Int32(rightStride), product.accumulates ? 1 : 0, product.output,
      Int32(max(product.outputRowStride, n, 1)))
  }
}

extension KernelTable {
  /// The portable kernels with OpenBLAS's matrix product: what a processor without a tuned table gets, if the library is there.
  public static let openBLAS: KernelTable? =
    OpenBLAS.isThere
    ? KernelTable(instantiating: Portable.self, name: "openblas", product: { OpenBLAS.run($0.pointee) }) : nil
}
