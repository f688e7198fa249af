import Benchmark
import Kernels

/// The attention of BERT-base, of BERT-small, and of BERT-base at 512 tokens, over what the projections give.
private let shapes: [(name: String, shape: AttentionShape)] = [
  ("bert-base", AttentionShape(batch: 1, heads: 12, queries: 128, keys: 128, depth: 64)),
  ("bert-small", AttentionShape(batch: 1, heads: 8, queries: 128, keys: 128, depth: 64)),
  ("bert-base long", AttentionShape(batch: 1, heads: 12, queries: 512, keys: 512, depth: 64)),
]

func attentionBenchmarks(on machine: Machine) {
  for (name, shape) in shapes {
    let label = "\(shape.heads) heads \(shape.queries)x\(shape.keys)x\(shape.depth)"
    Benchmark("attention \(name) \(label) \(machine.label)") { benchmark in
      let strides = HeadStrides.tokensFirst(heads: shape.heads, tokens: shape.keys, depth: shape.depth)
      let attention = Attention(
        shape, query: strides, key: strides, value: strides, output: strides, mask: .keys(shape.keys), scale: 0.125,
        context: machine.context)
      let count = shape.heads * shape.keys * shape.depth
      let (q, k, v, y) = (FloatBuffer(count), FloatBuffer(count), FloatBuffer(count), FloatBuffer(count))
      let mask = FloatBuffer(shape.keys)
      let scratch = FloatBuffer(attention.scratchBytes / 4)
      // The two products; the softmax between them is not counted.
      let flops = 4 * shape.heads * shape.queries * shape.keys * shape.depth
      for _ in benchmark.scaledIterations {
        Rate.measure(benchmark, flops: flops, peak: machine.peak) {
          attention.run(
            query: q.base, key: k.base, value: v.base, mask: mask.base, output: y.base, scratch: scratch.base)
        }
      }
    }
  }
}
