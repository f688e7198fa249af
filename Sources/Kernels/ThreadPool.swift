import CPlatform
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A fork-join pool for loops of microseconds.
///
///     let pool = ThreadPool(threads: 4)
///     pool.parallel(tiles) { tile in compute(tile) }
///
/// The caller works too, so `threads: 1` makes no thread. Indices are handed out by an atomic counter. A worker that has
/// nothing to do spins for 4,000 pauses, which take some 10 to 200 microseconds by the processor, since the next layer's loop
/// usually follows at once, and then sleeps on a futex.
/// The caller never waits for a worker that has not begun: on a machine that is busy with other things it does the work alone.
/// Workers are pinned to processors of their own, within those that the process may use, and kept off the caller's; the
/// caller's thread is left alone. A pool of more threads than processors pins none and hardly spins.
///
/// A loop inside a loop, or one that another thread starts while the pool is taken, runs on its caller's thread.
public final class ThreadPool: Sendable {
  /// Threads that share a loop, the caller's among them.
  public let threads: Int

  private let shared: Shared
  private let workers: [pthread_t]
  private let pins: WorkerPins?

  /// Makes a pool; `threads` below 1 is 1.
  public convenience init(threads: Int) { self.init(threads: threads, pinnedTo: .ofProcess) }

  /// Makes a pool that shares the processors with the pools that have the same register.
  package init(threads: Int, pinnedTo register: PinnedProcessors) {
    self.threads = max(1, threads)
    let processors = ProcessorSet.allowed()
    let fits = threads <= processors.count
    let shared = Shared(workers: self.threads - 1, spins: fits ? 4_000 : 50)
    self.shared = shared
    pins = fits && self.threads > 1 ? WorkerPins(allowed: processors, register: register) : nil
    workers = (0..<self.threads - 1).compactMap { Self.start(shared, worker: $0 + 1) }
  }

  deinit {
    shared.stop()
    for worker in workers { pthread_join(worker, nil) }
  }

  /// Runs `body` for every index below `count` and returns when all are done.
  public func parallel(_ count: Int, _ body: (_ index: Int) -> Void) {
    parallel(count) { index, _ in body(index) }
  }

  /// Runs `body` for every index below `count` and returns when all are done.
  ///
  /// - Parameters:
  ///   - count: how many indices there are.
  ///   - body: takes the index and the worker, below `threads`, that runs it. Two calls of this loop at one time never get
  ///     the same worker, so it may choose a piece of the loop's scratch memory; a loop of another caller has workers of the
  ///     same numbers.
  public func parallel(_ count: Int, perWorker body: (_ index: Int, _ worker: Int) -> Void) {
    guard count > 1, !workers.isEmpty, shared.take() else {
      for index in 0..<max(0, count) { body(index, 0) }
      return
    }
    if let pins {
      if pins.isPinned { pins.makeRoom() } else if let threads = shared.threads(of: workers.count) { pins.pin(threads) }
    }
    withoutActuallyEscaping(body) { shared.run($0, count: count, workers: workers.count) }
    shared.giveBack()
  }

  /// The processors that workers are pinned to.
  ///
  /// Not to be asked for while a loop runs.
  package var pinnedProcessors: [Int] { pins?.pinned ?? [] }

  /// How many processors the process may be pinned to; 0 where the system does not say.
  package static var processorCount: Int { ProcessorSet.allowed().numbers.count }

  private static func start(_ shared: Shared, worker: Int) -> pthread_t? {
    final class Start {
      let shared: Shared
      let worker: Int
      init(_ shared: Shared, _ worker: Int) { (self.shared, self.worker) = (shared, worker) }
    }
    let start = Unmanaged.passRetained(Start(shared, worker))
    #if canImport(Glibc)
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
          start.shared.serve(worker: start.worker)
          return nil
        }, start.toOpaque())
      let made: pthread_t? = thread
    #else
      var made: pthread_t?
      let status = pthread_create(
        &made, nil,
        { argument in
          let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
          start.shared.serve(worker: start.worker)
          return nil
        }, start.toOpaque())
    #endif
    guard status == 0 else {
      start.release()
      return nil
    }
    return made
  }
}

extension ThreadPool {
  /// What the caller and the workers share.
  ///
  /// A loop is *open* while a worker may join it. `gate` holds that bit and how many workers are inside; the job's fields change
  /// only while the gate is closed and nobody is inside, and a worker reads them only after it has entered.
  private final class Shared: @unchecked Sendable {
    private typealias Word = Atomic<UInt32>
    /// One word per cache line, in this order.
    private static let lineBytes = 128
    private static let open: UInt32 = 1 << 31

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
    private var body: ((Int, Int) -> Void)?
    private var count = 0

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

    /// Opens a loop, works on it, closes it and waits for those inside.
    func run(_ body: @escaping (Int, Int) -> Void, count: Int, workers: Int) {
      self.body = body
      self.count = count
      next.pointee.store(0, ordering: .relaxed)
      gate.pointee.store(Self.open, ordering: .releasing)
      ring(workers: min(workers, count - 1))
      work(worker: 0, body, count)
      if gate.pointee.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing).newValue != 0 { waitUntilEmpty() }
      self.body = nil
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

    private func work(worker: Int, _ body: (Int, Int) -> Void, _ count: Int) {
      while true {
        let index = next.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body(index, worker)
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
      while true {
        seen = waitForSignal(after: seen)
        if stopped.pointee.load(ordering: .acquiring) != 0 { return }
        guard enter() else { continue }
        if let body { work(worker: worker, body, count) }
        leave()
      }
    }

    private func waitForSignal(after seen: UInt32) -> UInt32 {
      for _ in 0..<spins {
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
