import CPlatform
import Synchronization

extension ThreadPool {
  /// What the caller and the workers share.
  ///
  /// A loop is *open* while a worker may join it. `gate` holds that bit and how many workers are inside; the job's fields change
  /// only while the gate is closed and nobody is inside, and a worker reads them only after it has entered.
  final class Shared: @unchecked Sendable {
    private typealias Word = Atomic<UInt32>
    /// One word per cache line, in this order.
    private static let lineBytes = 128
    private static let open: UInt32 = 1 << 31
    /// Claims of each thread on the indices of a loop, about: one at a time they would cost as much as a task of a hundred
    /// nanoseconds, and a thread that is held up should keep no more from the others.
    private static let claims = 32

    private let memory: UnsafeMutableRawPointer
    private let signal: UnsafeMutablePointer<Word>  // changes when a loop opens: workers sleep on it
    private let gate: UnsafeMutablePointer<Word>  // the caller sleeps on it
    private let sleepers: UnsafeMutablePointer<Word>
    private let callerSleeps: UnsafeMutablePointer<Word>
    private let taken: UnsafeMutablePointer<Word>
    private let stopped: UnsafeMutablePointer<Word>
    private let next: UnsafeMutablePointer<Atomic<Int>>
    private let started: UnsafeMutablePointer<Word>  // workers that have written their thread's number
    private let threadNumbers: UnsafeMutablePointer<Int32>
    private let threadCount: Int

    private let spins: Int
    private var body = platform_closure()
    private var count = 0
    private var claim = 1

    init(workers: Int, spins: Int) {
      self.spins = spins
      let lines = UnsafeMutableRawPointer.allocate(byteCount: 8 * Self.lineBytes, alignment: Self.lineBytes)
      memory = lines
      func word(_ line: Int) -> UnsafeMutablePointer<Word> {
        let p = (lines + line * Self.lineBytes).bindMemory(to: Word.self, capacity: 1)
        p.initialize(to: Word(0))
        return p
      }
      (signal, gate, sleepers) = (word(0), word(1), word(2))
      (callerSleeps, taken, stopped) = (word(3), word(4), word(5))
      next = (memory + 6 * Self.lineBytes).bindMemory(to: Atomic<Int>.self, capacity: 1)
      next.initialize(to: Atomic(0))
      started = word(7)
      threadCount = workers
      threadNumbers = .allocate(capacity: max(1, workers))
      threadNumbers.initialize(repeating: 0, count: max(1, workers))
    }

    deinit {
      threadNumbers.deallocate()
      memory.deallocate()
    }

    /// The system's numbers of the workers' threads; `nil` before all of these have begun.
    func threads(of workers: Int) -> [Int32]? {
      guard started.pointee.load(ordering: .acquiring) == UInt32(workers) else { return nil }
      return (0..<threadCount).map { threadNumbers[$0] }.filter { $0 != 0 }
    }

    func take() -> Bool {
      taken.pointee.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
    }

    func giveBack() { taken.pointee.store(0, ordering: .releasing) }

    /// Opens a loop, works on it, closes it and waits for those inside; takes nothing from the heap.
    func run(_ body: (Int, Int) -> Void, count: Int) {
      self.count = count
      claim = max(1, count / (Self.claims * (threadCount + 1)))
      lend(
        body,
        { shared, body in
          if let shared { Unmanaged<Shared>.fromOpaque(shared).takeUnretainedValue().run(body) }
        }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func run(_ body: platform_closure) {
      self.body = body
      next.pointee.store(0, ordering: .relaxed)
      gate.pointee.store(Self.open, ordering: .releasing)
      ring(workers: min(threadCount, count - 1))
      work(worker: 0)
      if gate.pointee.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing).newValue != 0 { waitUntilEmpty() }
    }

    func stop() {
      stopped.pointee.store(1, ordering: .sequentiallyConsistent)
      ring(workers: Int(Int32.max))
    }

    private func ring(workers: Int) {
      signal.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
      if sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 {
        platform_wake(address(signal), Int32(truncatingIfNeeded: workers))
      }
    }

    /// Runs indices until none is left; those of another thread may still run.
    private func work(worker: Int) {
      let (body, count, claim) = (body, count, claim)
      while true {
        let first = next.pointee.wrappingAdd(claim, ordering: .relaxed).oldValue
        guard first < count else { return }
        for index in first..<min(count, first + claim) { platform_call(body, index, worker) }
      }
    }

    private func waitUntilEmpty() {
      for _ in 0..<spins {
        if gate.pointee.load(ordering: .acquiring) == 0 { return }
        platform_pause()
      }
      callerSleeps.pointee.store(1, ordering: .sequentiallyConsistent)
      while true {
        let inside = gate.pointee.load(ordering: .sequentiallyConsistent)
        if inside == 0 { break }
        platform_wait(address(gate), inside)
      }
      callerSleeps.pointee.store(0, ordering: .relaxed)
    }

    /// A worker's life: waits for the signal to change, joins the loop if it is still open, and waits again.
    func serve(worker: Int) {
      threadNumbers[worker - 1] = platform_thread()
      started.pointee.wrappingAdd(1, ordering: .releasing)
      var seen: UInt32 = 0
      var budget = SpinBudget(longest: spins)
      while true {
        seen = waitForSignal(after: seen, pauses: budget.pauses())
        if stopped.pointee.load(ordering: .acquiring) != 0 { return }
        guard enter() else { continue }
        work(worker: worker)
        leave()
      }
    }

    private func waitForSignal(after seen: UInt32, pauses: Int) -> UInt32 {
      for _ in 0..<pauses {
        let now = signal.pointee.load(ordering: .acquiring)
        if now != seen { return now }
        platform_pause()
      }
      sleepers.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
      defer { sleepers.pointee.wrappingSubtract(1, ordering: .relaxed) }
      while true {
        let now = signal.pointee.load(ordering: .sequentiallyConsistent)
        if now != seen { return now }
        platform_wait(address(signal), seen)
      }
    }

    private func enter() -> Bool {
      var value = gate.pointee.load(ordering: .relaxed)
      while value & Self.open != 0 {
        let (entered, found) = gate.pointee.weakCompareExchange(
          expected: value, desired: value + 1, ordering: .acquiring)
        if entered { return true }
        value = found
      }
      return false
    }

    private func leave() {
      let left = gate.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
      if left == 0, callerSleeps.pointee.load(ordering: .sequentiallyConsistent) != 0 {
        platform_wake(address(gate), 1)
      }
    }

    private func address(_ word: UnsafeMutablePointer<Word>) -> UnsafePointer<UInt32> {
      UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self)
    }
  }
}

/// Calls `borrower` with a closure that other threads may call until it returns; see `platform_lend`.
@_silgen_name("platform_lend")
private func lend(
  _ body: (_ index: Int, _ worker: Int) -> Void,
  _ borrower: @convention(c) (UnsafeMutableRawPointer?, platform_closure) -> Void, _ user: UnsafeMutableRawPointer)
