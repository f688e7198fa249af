import CPlatform

/// How long a worker spins before it sleeps.
///
/// Long, as long as it has a processor to itself: the next loop usually follows at once, and a thread that sleeps takes some
/// microseconds to wake. But where others want the processor, a thread that spins uses its share up in vain, and is then taken
/// off the processor for milliseconds in the midst of a task, while all others wait for that task; one that sleeps is let in at
/// once when it wakes. So a worker that has been taken off its processor spins briefly for a while, and for twice as many waits
/// each time that it happens again.
///
/// Measured on two cores of Zen 4 at two threads, medians with and without brief spins: beside a process that keeps one core
/// busy, MobileNetV2 8.2 and 10.0 ms, ResNet-50 58 and 73 ms; beside one that may run on either, 8.6 and 16.9 ms, 64 and 74 ms;
/// alone no difference, while brief spins always cost MobileNetV2 a tenth.
package struct SpinBudget {
  /// Pauses before a worker sleeps that shares its processor.
  package static let brief = 200
  /// Waits that stay brief after the first preemption, and at most.
  private static let briefWaits = 64...4096

  private let longest: Int
  /// How often the thread had been preempted when it last asked.
  package private(set) var preemptions: Int
  /// Brief waits that are left, and that the next preemption leads to.
  private var left = 0, next = briefWaits.lowerBound
  /// Long waits in a row.
  private var calm = 0

  /// - Parameter longest: pauses of a wait on a processor that nobody else wants.
  package init(longest: Int) {
    self.longest = longest
    preemptions = platform_preemptions()
  }

  /// Pauses of the wait that begins; only the thread that waits may ask.
  package mutating func pauses() -> Int {
    guard longest > Self.brief else { return longest }
    return pauses(preemptions: platform_preemptions())
  }

  /// The same, told how often the thread has been preempted since it began.
  package mutating func pauses(preemptions now: Int) -> Int {
    if now != preemptions {
      (preemptions, left, calm) = (now, next, 0)
      next = min(2 * next, Self.briefWaits.upperBound)
    }
    guard left == 0 else {
      left -= 1
      return Self.brief
    }
    calm += 1
    if calm == Self.briefWaits.upperBound { next = Self.briefWaits.lowerBound }
    return longest
  }
}
