import Benchmark
import Kernels

/// Microbenchmarks of the kernels over the layer shapes of real models: one file for each family of kernels.
///
/// Products, convolutions and attention report GFLOP/s (a multiply-accumulate counts two) and the share of the peak that one
/// core reaches in registers times the number of threads, measured beside it. Kernels that do little with each number report
/// GB/s read and written, and the share of the rate at which one thread copies as many bytes, in the same caches.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, Rate.gigaflops, Rate.shareOfPeak, Rate.gigabytes, Rate.shareOfCopy], warmupIterations: 5,
    maxDuration: .seconds(1),
    maxIterations: 1000)
  for threads in [1, 2] {
    for table in KernelTable.runnable {
      let machine = Machine(table: table, threads: threads)
      gemmBenchmarks(on: machine)
      convolutionBenchmarks(on: machine)
      attentionBenchmarks(on: machine)
      vectorBenchmarks(on: machine)
      poolingBenchmarks(on: machine)
    }
  }
  openBLASBenchmarks()
  dispatchBenchmarks()
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

  /// 10⁹ bytes a second.
  static let gigabytes = BenchmarkMetric.custom("GB/s", polarity: .prefersLarger, useScalingFactor: false)
  /// Per cent of a copy's rate.
  static let shareOfCopy = BenchmarkMetric.custom("% of copy", polarity: .prefersLarger, useScalingFactor: false)

  /// Times one call and reports its rate in operations.
  static func measure(_ benchmark: Benchmark, flops: Int, peak: Double, _ body: () -> Void) {
    let clock = ContinuousClock()
    benchmark.startMeasurement()
    let duration = clock.measure(body)
    benchmark.stopMeasurement()
    let seconds = duration / .seconds(1)
    let rate = Double(flops) / seconds
    benchmark.measurement(gigaflops, Int(rate / 1e9))
    benchmark.measurement(shareOfPeak, Int(100 * rate / peak))
  }

  /// Times one call that reads and writes so many bytes.
  static func measure(_ benchmark: Benchmark, bytes: Int, copyRate: Double, _ body: () -> Void) {
    let clock = ContinuousClock()
    benchmark.startMeasurement()
    let duration = clock.measure(body)
    benchmark.stopMeasurement()
    let rate = Double(bytes) / (duration / .seconds(1))
    benchmark.measurement(gigabytes, Int(rate / 1e9))
    benchmark.measurement(shareOfCopy, Int(100 * rate / copyRate))
  }

  /// Bytes a second, read and written, of the best of 20 copies of so many floats by one thread.
  static func copyRate(of source: FloatBuffer, to target: FloatBuffer, count: Int) -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<20 {
      let time = clock.measure { target.base.update(from: source.base, count: count) }
      best = min(best, time / .seconds(1))
    }
    return Double(8 * count) / best
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
