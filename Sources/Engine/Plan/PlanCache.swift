import Graph
import Synchronization

/// The plans that were used last, each with its executor, by what they were made for.
final class PlanCache<Key: Hashable & Sendable>: Sendable {
  private let executors: Mutex<RecentlyUsed<Key, PlanExecutor>>

  /// - Parameter capacity: plans kept at most; sizes that change with every request must not fill the memory.
  init(capacity: Int) { executors = Mutex(RecentlyUsed(capacity: capacity)) }

  /// The executor of a key, made if it is not there; threads that make one at the same time all get the first.
  func executor<Failure: Error>(
    for key: Key, make: () throws(Failure) -> PlanExecutor
  ) throws(Failure) -> PlanExecutor {
    if let known = executors.withLock({ $0.use(key) }) { return known }
    let made = try make()
    return executors.withLock { executors in
      if let other = executors.use(key) { return other }
      executors.insert(made, for: key)
      return made
    }
  }
}
