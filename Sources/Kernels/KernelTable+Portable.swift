import KernelTemplates

extension KernelTable {
  /// The kernels for Portable.
  public static let portable = KernelTable(instantiating: Portable.self)
}
