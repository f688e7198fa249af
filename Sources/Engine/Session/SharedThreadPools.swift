import Kernels
import Synchronization

/// One pool of threads for each number of threads, shared by all sessions: threads of idle sessions cost nothing.
enum SharedThreadPools {
  private static let pools = Mutex<[Int: ThreadPool]>([:])

  /// The pool with this many threads.
  static func pool(threads: Int) -> ThreadPool {
    pools.withLock { pools in
      if let pool = pools[threads] { return pool }
      let pool = ThreadPool(threads: threads)
      pools[threads] = pool
      return pool
    }
  }
}
