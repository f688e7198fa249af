import Benchmark
import Kernels

/// Matrix products with constant weights: the square one that libraries quote, the layers of BERT-base and BERT-small at 128
/// tokens, and single rows.
private let shapes: [(name: String, shape: GEMMShape)] = [
  ("square", GEMMShape(rows: 1024, columns: 1024, depth: 1024)),
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
        Rate.measure(benchmark, flops: 2 * shape.rows * shape.columns * shape.depth, on: machine) {
          product.run(
            left: .strided(MatrixView(left.base, rowStride: shape.depth)), right: .packed(packed.base),
            output: output.base, rowStride: shape.columns, scratch: scratch.base)
        }
      }
    }
  }
}
