import Synchronization

/// Things that are at rest, for the next who needs one.
///
/// Keeps a few at most: what a burst of requests needed at one time must not stay for good.
package final class IdlePool<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])
  private let capacity: Int

  /// - Parameter capacity: elements kept at most.
  package init(capacity: Int) { self.capacity = capacity }

  /// An element, if one is at rest: the one used last.
  package func take() -> Element? { elements.withLock { $0.popLast() } }

  /// Keeps an element if there is room.
  package func giveBack(_ element: Element) {
    elements.withLock { if $0.count < capacity { $0.append(element) } }
  }
}
