import Kernels
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func runsEveryIndexOnce(threads: Int, count: Int) {
    let pool = ThreadPool(threads: threads)
    let runs = UnsafeMutablePointer<Int>.allocate(capacity: count + 1)
    runs.initialize(repeating: 0, count: count + 1)
    defer { runs.deallocate() }
    nonisolated(unsafe) let target = runs
    pool.parallel(count) { target[$0] += 1 }
    #expect((0..<count).allSatisfy { runs[$0] == 1 })
    #expect(runs[count] == 0)
  }

  /// More threads than processors too: a worker that never gets a turn must not hold the others up.
  @Test(arguments: [2, 3, 16])
  func survivesManySmallLoops(threads: Int) {
    let pool = ThreadPool(threads: threads)
    let total = Atomic<Int>(0)
    for round in 0..<20_000 {
      pool.parallel(round % 5) { _ in total.wrappingAdd(1, ordering: .relaxed) }
      if round % 4_000 == 0 { usleep(2_000) }  // long enough for the workers to fall asleep
    }
    #expect(total.load(ordering: .relaxed) == 40_000)
  }

  @Test func workersAreDistinctAtOneTime() {
    let pool = ThreadPool(threads: 4)
    let busy = (0..<4).map { _ in Box() }
    let clashes = Atomic<Int>(0)
    for _ in 0..<200 {
      pool.parallel(64) { _, worker in
        if busy[worker].flag.exchange(true, ordering: .acquiring) { clashes.wrappingAdd(1, ordering: .relaxed) }
        busy[worker].flag.store(false, ordering: .releasing)
      }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  @Test func nestedLoopsRunInline() {
    let pool = ThreadPool(threads: 3)
    let total = Atomic<Int>(0)
    pool.parallel(10) { _ in pool.parallel(10) { _ in total.wrappingAdd(1, ordering: .relaxed) } }
    #expect(total.load(ordering: .relaxed) == 100)
  }

  /// Of whatever pools, and never where the caller runs when a loop begins.
  @Test func noTwoWorkersShareAProcessor() {
    let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let register = PinnedProcessors()
    let pools = [2, 2, processors].map { ThreadPool(threads: $0, pinnedTo: register) }
    let start = ContinuousClock.now
    // Workers are pinned once all of a pool have begun, which takes its time on a busy machine.
    repeat {
      for _ in 0..<50 {
        for pool in pools { pool.parallel(8) { _ in usleep(10) } }
      }
    } while pools.allSatisfy(\.pinnedProcessors.isEmpty) && start.duration(to: .now) < .seconds(10)
    let pinned = pools.flatMap(\.pinnedProcessors)
    #expect(Set(pinned).count == pinned.count)
    #expect(pinned.count <= processors)
    #expect(pinned.count >= 1 || ThreadPool.processorCount < 2)
  }

  @Test func aPoolOfMoreThreadsThanProcessorsPinsNone() {
    let pool = ThreadPool(threads: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 1)
    for _ in 0..<50 { pool.parallel(8) { _ in usleep(10) } }
    #expect(pool.pinnedProcessors.isEmpty)
  }

  @Test func callersOnSeveralThreadsAreServed() async {
    let pool = ThreadPool(threads: 2)
    let total = Box()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<500 { pool.parallel(8) { _ in total.count.wrappingAdd(1, ordering: .relaxed) } }
        }
      }
    }
    #expect(total.count.load(ordering: .relaxed) == 8 * 500 * 8)
  }

  private final class Box: Sendable {
    let flag = Atomic(false)
    let count = Atomic(0)
  }
}
