import Benchmark
import Kernels

/// Softmax, LayerNorm and activations over the tensors of BERT-base and ResNet-50.
func vectorBenchmarks(on machine: Machine) {
  let context = machine.context
  let functions: [(String, UnaryFunction)] = [
    ("gelu", .activation(.gelu)), ("gelu tanh", .activation(.geluTanh)), ("erf", .erf), ("tanh", .activation(.tanh)),
    ("sigmoid", .activation(.sigmoid)), ("exp", .exp), ("relu", .activation(.relu)),
  ]
  for (name, function) in functions {
    vectorBenchmark("\(name) 128x3072", count: 128 * 3072, on: machine) { x, y in
      context.unary(function, x, y, count: 128 * 3072)
    }
  }
  vectorBenchmark("softmax 1536x128", count: 1536 * 128, on: machine) { x, y in
    context.softmax(x, y, outer: 1536, count: 128)
  }
  vectorBenchmark("softmax 1x1000", count: 1000, on: machine) { x, y in context.softmax(x, y, outer: 1, count: 1000) }
  let (scale, shift) = (FloatBuffer(768), FloatBuffer(768))
  vectorBenchmark("layer norm 128x768", count: 128 * 768, on: machine) { x, y in
    var block = LayerNormBlock(x: x, output: y)
    (block.rows, block.columns) = (128, 768)
    (block.scale, block.shift) = (UnsafePointer(scale.base), UnsafePointer(shift.base))
    context.layerNorm(block)
  }
}

/// A kernel that reads and writes `count` floats.
private func vectorBenchmark(
  _ name: String, count: Int, on machine: Machine,
  _ body: @escaping (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
) {
  Benchmark("\(name) \(machine.label)") { benchmark in
    let (x, y) = (FloatBuffer(count), FloatBuffer(count))
    let copyRate = Rate.copyRate(of: x, to: y, count: count)
    for _ in benchmark.scaledIterations {
      Rate.measure(benchmark, bytes: 8 * count, copyRate: copyRate) { body(x.base, y.base) }
    }
  }
}
