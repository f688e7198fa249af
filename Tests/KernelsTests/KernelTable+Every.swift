import Kernels

extension KernelTable {
  /// The tables that this processor runs: our own, and the one that takes its products from OpenBLAS.
  static let every = runnable + [openBLAS].compactMap(\.self)
}
