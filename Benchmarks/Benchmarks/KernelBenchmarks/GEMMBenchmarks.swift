import Benchmark
import COpenBLAS
import Kernels

/// Matrix products with constant weights: the square one that libraries quote, the layers of BERT-base and BERT-small at 128
/// tokens, and single rows.
private let shapes: [(name: String, shape: GEMMShape)] = [
  ("square", GEMMShape(rows: 1024, columns: 1024, depth: 1024)),
  ("flat", GEMMShape(rows: 3072, columns: 768, depth: 128)),
  ("bert-base query", GEMMShape(rows: 128, columns: 768, depth: 768)),
  ("bert-base intermediate", GEMMShape(rows: 128, columns: 3072, depth: 768)),
  ("bert-base output", GEMMShape(rows: 128, columns: 768, depth: 3072)),
  ("bert-small intermediate", GEMMShape(rows: 128, columns: 2048, depth: 512)),
  ("classifier row", GEMMShape(rows: 1, columns: 1000, depth: 2048)),
  ("eight rows", GEMMShape(rows: 8, columns: 3072, depth: 768)),
]

func gemmBenchmarks(on machine: Machine) {
  for (name, shape) in shapes {
    Benchmark("gemm \(name) \(shape.rows)x\(shape.columns)x\(shape.depth) \(machine.label)") { benchmark in
      let context = machine.context
      let layout = PackedLayout.right(depth: shape.depth, columns: shape.columns, table: context.table)
      let weights = FloatBuffer(shape.depth * shape.columns)
      let packed = FloatBuffer(layout.byteCount / 4)
      layout.pack(MatrixView(weights.base, rowStride: shape.columns), into: packed.base, context: context)
      let product = GEMM(shape, packedRight: true, context: context)
      let (left, output) = (FloatBuffer(shape.rows * shape.depth), FloatBuffer(shape.rows * shape.columns))
      let scratch = FloatBuffer(product.scratchBytes / 4)
      for _ in benchmark.scaledIterations {
        Rate.measure(benchmark, flops: 2 * shape.rows * shape.columns * shape.depth, peak: machine.peak) {
          product.run(
            left: .strided(MatrixView(left.base, rowStride: shape.depth)), right: .packed(packed.base),
            output: output.base, rowStride: shape.columns, scratch: scratch.base)
        }
      }
    }
  }
}

/// OpenBLAS's product of the same shapes beside ours, on one thread; its share is of the peak of the best table.
func openBLASBenchmarks() {
  let peak = (KernelTable.runnable.first ?? .portable).measuredPeak()
  for (name, shape) in shapes {
    Benchmark("gemm \(name) \(shape.rows)x\(shape.columns)x\(shape.depth) openblas x1") { benchmark in
      openblas_set_num_threads(1)
      let (m, n, k) = (shape.rows, shape.columns, shape.depth)
      let (a, b, c) = (FloatBuffer(m * k), FloatBuffer(k * n), FloatBuffer(m * n))
      for _ in benchmark.scaledIterations {
        Rate.measure(benchmark, flops: 2 * m * n * k, peak: peak) {
          cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a.base, blasint(k),
            b.base,
            blasint(n), 0, c.base, blasint(n))
        }
      }
    }
  }
}
