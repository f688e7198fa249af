import KernelTemplates

/// What a kernel runs on: the instruction set's table and the threads.
public struct KernelContext: Sendable {
  /// The kernels of the instruction set.
  public let table: KernelTable
  /// The threads that share a kernel's work.
  public let pool: ThreadPool

  /// A context of a table and a pool.
  public init(table: KernelTable, pool: ThreadPool) {
    self.table = table
    self.pool = pool
  }
}
