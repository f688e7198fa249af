import Benchmark
import Kernels

/// What a loop costs beyond its work: one index for each thread, of which none does anything.
func dispatchBenchmarks() {
  for threads in [1, 2] {
    Benchmark("dispatch x\(threads)", configuration: .init(metrics: [.wallClock], scalingFactor: .kilo)) { benchmark in
      let pool = ThreadPool(threads: threads)
      for _ in benchmark.scaledIterations { pool.parallel(threads) { index in blackHole(index) } }
    }
  }
}
