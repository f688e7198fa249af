import CPlatform

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
/// The caller works too, so `threads: 1` makes no thread. Indices are handed out by an atomic counter, a few at a time if there
/// are many. A worker that has nothing to do spins for 4,000 pauses, which take some 10 to 200 microseconds by the processor,
/// since the next layer's loop usually follows at once, and then sleeps on a futex; while others want its processor it spins
/// briefly, as `SpinBudget` says. A loop takes nothing from the heap.
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
    shared.run(body, count: count)
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
