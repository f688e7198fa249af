import Graph
import Synchronization

/// The plans that were used last, each with its executor, by what they were made for.
final class PlanCache<Key: Hashable & Sendable>: Sendable {
  private struct Entry: Sendable {
    let key: Key
    let executor: PlanExecutor
  }

  /// In the order of their last use.
  private let entries = Mutex<[Entry]>([])
  private let capacity: Int

  /// - Parameter capacity: plans kept at most; sizes that change with every request must not fill the memory.
  init(capacity: Int) { self.capacity = capacity }

  /// The executor of a key, made if it is not there; threads that make one at the same time all get the first.
  func executor<Failure: Error>(
    for key: Key, make: () throws(Failure) -> PlanExecutor
  ) throws(Failure) -> PlanExecutor {
    if let known = entries.withLock({ Self.use(key, of: &$0) }) { return known }
    let made = try make()
    return entries.withLock { entries in
      if let other = Self.use(key, of: &entries) { return other }
      if entries.count == capacity { entries.removeFirst() }
      entries.append(Entry(key: key, executor: made))
      return made
    }
  }

  private static func use(_ key: Key, of entries: inout [Entry]) -> PlanExecutor? {
    guard let place = entries.lastIndex(where: { $0.key == key }) else { return nil }
    if place != entries.count - 1 { entries.append(entries.remove(at: place)) }
    return entries.last?.executor
  }
}
