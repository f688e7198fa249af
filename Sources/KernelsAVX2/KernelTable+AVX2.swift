import KernelTemplates

extension KernelTable {
  /// The kernels for AVX2.
  public static let avx2 = KernelTable(instantiating: AVX2.self)
}
