import KernelTemplates

extension KernelTable {
  /// The kernels for AVX512.
  public static let avx512 = KernelTable(instantiating: AVX512.self)
}
