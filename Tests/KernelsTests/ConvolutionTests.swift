import Kernels
import TestSupport
import Testing

/// The definition, tap by tap, in double precision.
func referenceConvolution(_ s: ConvolutionShape, input: [Float], weights: [Float]) -> [Double] {
  var output = [Double](repeating: 0, count: s.batch * s.outputChannels * s.output.product)
  var place = 0
  for n in 0..<s.batch {
    for m in 0..<s.outputChannels {
      let group = m / s.groupOutputChannels
      for oz in 0..<s.output.depth {
        for oy in 0..<s.output.height {
          for ox in 0..<s.output.width {
            var sum = 0.0
            for c in 0..<s.groupInputChannels {
              for kz in 0..<s.kernel.depth {
                let z = oz * s.stride.depth + kz * s.dilation.depth - s.padsBegin.depth
                guard z >= 0, z < s.input.depth else { continue }
                for ky in 0..<s.kernel.height {
                  let y = oy * s.stride.height + ky * s.dilation.height - s.padsBegin.height
                  guard y >= 0, y < s.input.height else { continue }
                  for kx in 0..<s.kernel.width {
                    let x = ox * s.stride.width + kx * s.dilation.width - s.padsBegin.width
                    guard x >= 0, x < s.input.width else { continue }
                    let channel = n * s.inputChannels + group * s.groupInputChannels + c
                    let at = ((channel * s.input.depth + z) * s.input.height + y) * s.input.width + x
                    let tap = (kz * s.kernel.height + ky) * s.kernel.width + kx
                    sum += Double(input[at]) * Double(weights[(m * s.groupInputChannels + c) * s.kernel.product + tap])
                  }
                }
              }
            }
            output[place] = sum
            place += 1
          }
        }
      }
    }
  }
  return output
}

/// Runs a convolution in guarded buffers on whole numbers, with a random epilogue.
private func equalsReference(
  _ shape: ConvolutionShape, algorithm: Convolution.Algorithm?, table: KernelTable, threads: Int = 1, seed: UInt64
) -> Bool {
  var random = SplitMix64(seed: seed)
  let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
  let input = GuardedBuffer(
    count: shape.batch * shape.inputChannels * shape.input.product, whole: -8...8, using: &random)
  let weights = GuardedBuffer(count: shape.outputChannels * shape.reduction, whole: -8...8, using: &random)
  let outputCount = shape.batch * shape.outputChannels * shape.output.product
  let bias =
    Bool.random(using: &random) ? GuardedBuffer(count: shape.outputChannels, whole: -8...8, using: &random) : nil
  let residual = Bool.random(using: &random) ? GuardedBuffer(count: outputCount, whole: -8...8, using: &random) : nil
  let inPlace = residual != nil && Bool.random(using: &random)
  let activation = [Activation.none, .relu, .clip(min: -20, max: 60), .leakyRelu(alpha: 0.5)].randomElement(
    using: &random)

  let convolution = Convolution(shape, algorithm: algorithm, context: context)
  let packed = GuardedBuffer(count: convolution.packedWeightBytes / 4)
  let scratch = GuardedBuffer(count: convolution.scratchBytes / 4)
  let expectedSums = referenceConvolution(shape, input: input.elements, weights: weights.elements)
  let residuals = residual?.elements
  let output = inPlace ? residual ?? GuardedBuffer(count: outputCount) : GuardedBuffer(count: outputCount)
  convolution.packWeights(weights.base, into: packed.base)
  convolution.run(
    input: input.base, weights: packed.base, output: output.base,
    epilogue: Epilogue(
      bias: bias.map { UnsafePointer($0.base) }, residual: residual.map { UnsafePointer($0.base) },
      activation: activation ?? .none),
    scratch: scratch.base)
  let found = output.elements
  for (i, sum) in expectedSums.enumerated() {
    let channel = i / shape.output.product % shape.outputChannels
    let x = sum + Double(bias?.base[channel] ?? 0) + Double(residuals?[i] ?? 0)
    let expected =
      switch activation {
      case .relu: max(0, x)
      case .clip(let low, let high): min(Double(high), max(Double(low), x))
      case .leakyRelu(let alpha): x < 0 ? x * Double(alpha) : x
      default: x
      }
    if Double(found[i]) != expected { return false }
  }
  return input.isIntact && weights.isIntact && output.isIntact && packed.isIntact && scratch.isIntact
}

/// Whether the algorithm computes the shape, and whole numbers without rounding.
private func isExact(_ algorithm: Convolution.Algorithm, _ shape: ConvolutionShape, _ table: KernelTable) -> Bool {
  algorithm.supports(shape, table: table) && algorithm != .winograd4
}

private func randomShapes(_ count: Int, seed: UInt64) -> [ConvolutionShape] {
  var random = SplitMix64(seed: seed)
  func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  var shapes: [ConvolutionShape] = []
  while shapes.count < count {
    let axes = [1, 2, 2, 2, 2, 3].randomElement(using: &random) ?? 2
    let groups = [1, 1, 1, 2, 3, 5].randomElement(using: &random) ?? 1
    func each(_ range: ClosedRange<Int>) -> [Int] { (0..<axes).map { _ in pick(range) } }
    let shape = ConvolutionShape(
      batch: pick(1...2), inputChannels: groups * pick(1...5), outputChannels: groups * pick(1...19), groups: groups,
      input: each(axes == 3 ? 1...7 : 1...21), kernel: each(1...4), stride: each(1...3), dilation: each(1...2),
      padsBegin: each(0...2), padsEnd: each(0...2))
    if shape.output.product > 0 { shapes.append(shape) }
  }
  return shapes
}

/// Depthwise convolutions of the sizes that have kernels, and of their neighbours.
private func depthwiseShapes(_ count: Int, seed: UInt64) -> [ConvolutionShape] {
  var random = SplitMix64(seed: seed)
  func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  var shapes: [ConvolutionShape] = []
  while shapes.count < count {
    let (kernel, stride, dilation) = (pick(2...5), pick(1...2), pick(0...4) == 0 ? 2 : 1)
    let groups = pick(2...6)
    func pads() -> [Int] { [pick(0...kernel), pick(0...kernel)] }
    let shape = ConvolutionShape(
      batch: pick(1...2), inputChannels: groups, outputChannels: groups * pick(1...3), groups: groups,
      input: [pick(1...9), pick(1...70)], kernel: [kernel, kernel], stride: [stride, stride],
      dilation: [dilation, dilation], padsBegin: pads(), padsEnd: pads())
    if shape.output.product > 0 { shapes.append(shape) }
  }
  return shapes
}

@Suite struct ConvolutionTests {
  @Test func sizesBeyondAnyMemoryEndAtTheLargestNumber() {
    let far = Int(Int32.max)
    let apart = ConvolutionShape(
      batch: 1, inputChannels: 1, outputChannels: 1, input: [1, 1], kernel: [2, 2], stride: [1, 1],
      dilation: [far, far], padsBegin: [far, far], padsEnd: [0, 0])
    #expect(apart.output.product == 1)
    #expect(apart.paddedByteCount == .max)
    let deep = ConvolutionShape(
      batch: 1 << 30, inputChannels: 1 << 30, outputChannels: 1 << 30, input: [1, 1], kernel: [1, 1], stride: [1, 1],
      dilation: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0])
    #expect(deep.multiplyAdds == .max)
    #expect(deep.paddedByteCount == 0)
  }

  @Test(arguments: KernelTable.every, randomShapes(150, seed: 11))
  func equalsReferenceOnWholeNumbers(table: KernelTable, shape: ConvolutionShape) {
    for (n, algorithm) in Convolution.Algorithm.allCases.enumerated() where isExact(algorithm, shape, table) {
      let seed = UInt64(shape.multiplyAdds + n)
      #expect(
        equalsReference(shape, algorithm: algorithm, table: table, threads: 1 + n % 2, seed: seed), "\(algorithm)")
    }
  }

  @Test(arguments: KernelTable.every, depthwiseShapes(150, seed: 12))
  func depthwiseEqualsReference(table: KernelTable, shape: ConvolutionShape) {
    let seed = UInt64(shape.multiplyAdds)
    #expect(equalsReference(shape, algorithm: .direct, table: table, threads: 1 + shape.groups % 2, seed: seed))
  }

  /// Layers as real networks have them, small in channels.
  @Test(arguments: KernelTable.every, Convolution.Algorithm.allCases)
  func layersOfNetworksEqualReference(table: KernelTable, algorithm: Convolution.Algorithm) {
    func square(_ size: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, groups: Int = 1)
      -> ConvolutionShape
    {
      ConvolutionShape(
        batch: 1, inputChannels: inputs, outputChannels: outputs, groups: groups, input: [size, size],
        kernel: [kernel, kernel], stride: [stride, stride], dilation: [1, 1], padsBegin: [kernel / 2, kernel / 2],
        padsEnd: [kernel / 2, kernel / 2])
    }
    for (n, shape) in [
      square(56, 3, 24, kernel: 7, stride: 2), square(56, 16, 16, kernel: 3, stride: 1),
      square(28, 40, 52, kernel: 1, stride: 1), square(28, 24, 40, kernel: 1, stride: 2),
      square(14, 40, 36, kernel: 3, stride: 2), square(7, 72, 100, kernel: 3, stride: 1),
      square(28, 32, 32, kernel: 3, stride: 1, groups: 8), square(14, 32, 32, kernel: 3, stride: 2, groups: 4),
      square(28, 9, 9, kernel: 3, stride: 1, groups: 9), square(29, 9, 9, kernel: 5, stride: 2, groups: 9),
      square(112, 5, 5, kernel: 3, stride: 1, groups: 5), square(112, 5, 5, kernel: 3, stride: 2, groups: 5),
      square(1, 70, 90, kernel: 1, stride: 1), square(32, 5, 30, kernel: 3, stride: 1),
      square(48, 3, 13, kernel: 3, stride: 1), square(64, 3, 40, kernel: 3, stride: 2),
      square(7, 8, 8, kernel: 3, stride: 1, groups: 8), square(23, 5, 6, kernel: 2, stride: 5),
      square(9, 8, 8, kernel: 3, stride: 1 << 24, groups: 8), square(9, 4, 4, kernel: 3, stride: 1 << 40),
    ].enumerated() {
      for threads in [1, 3] where isExact(algorithm, shape, table) {
        #expect(
          equalsReference(shape, algorithm: algorithm, table: table, threads: threads, seed: UInt64(n)), "\(shape)")
      }
    }
  }

  /// Depth beyond several cache blocks.
  @Test(arguments: KernelTable.every, Convolution.Algorithm.allCases.filter { $0 != .winograd4 })
  func deepReductionEqualsReference(table: KernelTable, algorithm: Convolution.Algorithm) {
    let taps = ConvolutionShape(
      batch: 2, inputChannels: 130, outputChannels: 64, input: [9, 11], kernel: [3, 3], stride: [1, 1],
      dilation: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
    // More rows, too, than one block of the cache has.
    let channels = ConvolutionShape(
      batch: 2, inputChannels: 410, outputChannels: 330, input: [9, 11], kernel: [1, 1], stride: [1, 1],
      dilation: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0])
    for shape in [taps, channels] where isExact(algorithm, shape, table) {
      #expect(equalsReference(shape, algorithm: algorithm, table: table, seed: 3))
    }
  }
}
