import CPlatform
import Synchronization

/// A set of processors, as the operating system numbers them.
struct ProcessorSet: Sendable {
  private typealias Words = InlineArray<128, UInt64>
  private var words = Words(repeating: 0)
  /// How many there are; 1 if the system does not say.
  private(set) var count = 1

  /// The processors that this thread may run on: `taskset` and cpusets limit them.
  static func allowed() -> ProcessorSet {
    var set = ProcessorSet()
    var raw = [UInt64](repeating: 0, count: Int(PLATFORM_PROCESSOR_WORDS))
    set.count = max(1, Int(platform_processors(&raw)))
    for i in raw.indices { set.words[i] = raw[i] }
    return set
  }

  /// The set of one processor.
  init(_ processor: Int) {
    words[processor / 64] = 1 << UInt64(processor % 64)
  }

  private init() {}

  /// The processors' numbers, ascending; none where the system does not say.
  var numbers: [Int] {
    (0..<64 * Int(PLATFORM_PROCESSOR_WORDS)).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 != 0 }
  }

  /// Lets a thread run on these processors only; false if the system does not allow it.
  func confine(thread: Int32) -> Bool {
    withUnsafeBytes(of: words) { raw in
      raw.withMemoryRebound(to: UInt64.self) { platform_set_processors(thread, $0.baseAddress) == 0 }
    }
  }
}

/// Processors that hold a pinned worker.
package final class PinnedProcessors: Sendable {
  /// What all pools of the process share.
  static let ofProcess = PinnedProcessors()

  fileprivate let taken = Mutex<Set<Int>>([])

  /// A register of no processors.
  package init() {}
}

/// Pins the workers of a pool, each to a processor of its own.
///
/// The caller of a loop is not the pool's to pin. So a worker is kept off the processor that the caller runs on: when the
/// system has moved the caller to a worker's processor, that worker moves to a free one, as a rule the one the caller left.
/// No two workers of the process, of whatever pools, share a processor. A worker that finds none free is left to the system for
/// good, for looking again would cost every loop; so are all of a pool that has more threads than the process may use
/// processors.
///
/// Only the thread that has taken the pool calls `pin` and `makeRoom`.
final class WorkerPins: @unchecked Sendable {
  private let register: PinnedProcessors
  private let allowed: ProcessorSet
  private let numbers: [Int]
  /// Workers' threads, and the processor of each; negative if it is not pinned.
  private var threads: [Int32] = []
  private var processors: [Int] = []

  init(allowed: ProcessorSet, register: PinnedProcessors) {
    self.register = register
    self.allowed = allowed
    numbers = allowed.numbers
  }

  deinit {
    register.taken.withLock { taken in for processor in processors where processor >= 0 { taken.remove(processor) } }
  }

  /// `pin` was called.
  private(set) var isPinned = false

  /// Pins these threads, off the processor that this thread runs on.
  func pin(_ threads: [Int32]) {
    isPinned = true
    self.threads = threads
    processors = Array(repeating: -1, count: threads.count)
    let here = Int(platform_current_processor())
    for worker in threads.indices { place(worker, off: here) }
  }

  /// Moves a worker that is pinned to the processor that this thread runs on.
  ///
  /// Costs some 5 ns if there is none.
  func makeRoom() {
    let here = Int(platform_current_processor())
    guard here >= 0, let worker = processors.firstIndex(of: here) else { return }
    place(worker, off: here)
  }

  /// The processors of the pinned workers.
  var pinned: [Int] { processors.filter { $0 >= 0 } }

  private func place(_ worker: Int, off here: Int) {
    let old = processors[worker]
    let chosen = register.taken.withLock { taken -> Int? in
      guard let free = numbers.first(where: { $0 != here && !taken.contains($0) }) else {
        taken.remove(old)
        return nil
      }
      taken.remove(old)
      taken.insert(free)
      return free
    }
    processors[worker] = -1
    guard let chosen else {
      _ = allowed.confine(thread: threads[worker])
      return
    }
    if ProcessorSet(chosen).confine(thread: threads[worker]) {
      processors[worker] = chosen
    } else {
      _ = register.taken.withLock { $0.remove(chosen) }
    }
  }
}
