import Benchmark
import Kernels

/// The poolings of ResNet-50: 3x3 with stride 2 behind the stem, and the average of whole planes before the classifier.
func poolingBenchmarks(on machine: Machine) {
  Benchmark("max pool 64x112x112 k3 s2 \(machine.label)") { benchmark in
    let shape = PoolingShape(
      planes: 64, input: [112, 112], output: [56, 56], kernel: [3, 3], stride: [2, 2], dilation: [1, 1],
      padsBegin: [1, 1], padsEnd: [1, 1])
    let pooling = Pooling(.max, shape, context: machine.context)
    let (inputs, outputs) = (64 * 112 * 112, 64 * 56 * 56)
    let (x, y, scratch) = (FloatBuffer(inputs), FloatBuffer(inputs), FloatBuffer(pooling.scratchBytes / 4))
    let copyRate = Rate.copyRate(of: x, to: y, count: (inputs + outputs) / 2)
    for _ in benchmark.scaledIterations {
      Rate.measure(benchmark, bytes: 4 * (inputs + outputs), copyRate: copyRate) {
        pooling.run(input: x.base, output: y.base, scratch: scratch.base)
      }
    }
  }
  Benchmark("global average pool 2048x7x7 \(machine.label)") { benchmark in
    let pooling = GlobalPooling(.average, planes: 2048, size: 49, context: machine.context)
    let (inputs, outputs) = (2048 * 49, 2048)
    let (x, y) = (FloatBuffer(inputs), FloatBuffer(inputs))
    let copyRate = Rate.copyRate(of: x, to: y, count: (inputs + outputs) / 2)
    for _ in benchmark.scaledIterations {
      Rate.measure(benchmark, bytes: 4 * (inputs + outputs), copyRate: copyRate) {
        pooling.run(input: x.base, output: y.base)
      }
    }
  }
}
