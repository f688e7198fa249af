import Benchmark
import Kernels

/// Microbenchmarks of the kernels over the layer shapes of real models: one file for each family of kernels.
///
/// Each reports its rate in GFLOP/s (a multiply-accumulate counts two) and the share of the peak that one core reaches in
/// registers times the number of threads, measured beside it.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, Rate.gigaflops, Rate.shareOfPeak], warmupIterations: 5, maxDuration: .seconds(1),
    maxIterations: 1000)
  for threads in [1, 2] {
    for table in KernelTable.runnable {
      let machine = Machine(table: table, threads: threads)
      gemmBenchmarks(on: machine)
      convolutionBenchmarks(on: machine)
    }
  }
}

/// What a kernel runs on, with the most that it can do.
struct Machine: Sendable {
  let context: KernelContext
  let label: String
  /// Floating-point operations per second of all threads together.
  let peak: Double

  init(table: KernelTable, threads: Int) {
    context = KernelContext(table: table, pool: ThreadPool(threads: threads))
    label = "\(table.name) x\(threads)"
    peak = table.measuredPeak() * Double(threads)
  }
}

/// The rate at which floating-point operations are done.
enum Rate {
  /// 10⁹ operations a second.
  static let gigaflops = BenchmarkMetric.custom("GFLOP/s", polarity: .prefersLarger, useScalingFactor: false)
  /// Per cent of the measured peak.
  static let shareOfPeak = BenchmarkMetric.custom("% of peak", polarity: .prefersLarger, useScalingFactor: false)

  /// Times one call and reports its rate.
  static func measure(_ benchmark: Benchmark, flops: Int, on machine: Machine, _ body: () -> Void) {
    let clock = ContinuousClock()
    benchmark.startMeasurement()
    let duration = clock.measure(body)
    benchmark.stopMeasurement()
    let seconds = duration / .seconds(1)
    let rate = Double(flops) / seconds
    benchmark.measurement(gigaflops, Int(rate / 1e9))
    benchmark.measurement(shareOfPeak, Int(100 * rate / machine.peak))
  }
}

/// Memory of floats for one benchmark, filled with small numbers, aligned to a page.
final class FloatBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>

  init(_ count: Int) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 4096)
    base = memory.bindMemory(to: Float.self, capacity: count)
    for i in 0..<count { base[i] = Float(i % 13) * 0.125 - 0.75 }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}
