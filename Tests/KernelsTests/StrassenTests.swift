import Kernels
import TestSupport
import Testing

/// Sizes at the edges of halves, panels, vectors, blocks and depths; channels are pairs of the panels of every table.
private let shapes: [ConvolutionShape] = {
  var random = SplitMix64(seed: 51)
  func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  let random40 = (0..<40).map { _ in
    layer(
      [pick(1...19), pick(1...19)], 2 * pick(1...20), 64 * pick(1...2), batch: pick(1...2), kernel: pick(1...2),
      stride: pick(1...2))
  }
  return random40 + [
    layer([14, 14], 64, 64), layer([7, 7], 130, 128), layer([1, 1], 2, 64), layer([1, 2], 2, 64),
    // Several blocks of positions, and a depth beyond one piece of it.
    layer([20, 20], 702, 64), layer([5, 5], 1102, 64), layer([5, 5], 2050, 64),
  ]
}()

private func layer(
  _ size: [Int], _ inputs: Int, _ outputs: Int, batch: Int = 1, kernel: Int = 1, stride: Int = 1
) -> ConvolutionShape {
  ConvolutionShape(
    batch: batch, inputChannels: inputs, outputChannels: outputs, input: size, kernel: [kernel, kernel],
    stride: [stride, stride], dilation: [1, 1], padsBegin: [kernel / 2, kernel / 2], padsEnd: [kernel / 2, kernel / 2])
}

@Suite struct StrassenTests {
  /// There are only additions: whole numbers stay exact.
  @Test(arguments: KernelTable.every, shapes)
  func isExactOnWholeNumbers(table: KernelTable, shape: ConvolutionShape) {
    var random = SplitMix64(seed: 52)
    let input = GuardedBuffer(
      count: shape.batch * shape.inputChannels * shape.input.product, whole: -8...8, using: &random)
    let weights = GuardedBuffer(count: shape.outputChannels * shape.reduction, whole: -8...8, using: &random)
    let expected = referenceConvolution(shape, input: input.elements, weights: weights.elements)
    for threads in [1, 2, 3] {
      #expect(run(shape, table, threads: threads, input, weights).map(Double.init) == expected)
    }
  }

  /// Rounding errors are about twice those of direct sums.
  ///
  /// In units of 2^-24 times the deviation of an output, they are 3.2 for a depth of 16, 5.0 for 64 and 18 for 1024, the largest
  /// 23, 29 and 110 (simulated in single precision with uniform data); the bounds are half as large again.
  @Test(arguments: KernelTable.every, shapes)
  func staysWithinItsErrorBound(table: KernelTable, shape: ConvolutionShape) {
    var random = SplitMix64(seed: 53)
    let input = GuardedBuffer(
      count: shape.batch * shape.inputChannels * shape.input.product, in: -1...1, using: &random)
    let weights = GuardedBuffer(count: shape.outputChannels * shape.reduction, in: -1...1, using: &random)
    let expected = referenceConvolution(shape, input: input.elements, weights: weights.elements)
    let depth = Double(shape.reduction)
    // Uniform numbers between -1 and 1 have a variance of a third.
    let unit = 0x1p-24 * depth.squareRoot() / 3
    let errors = zip(run(shape, table, threads: 2, input, weights), expected).map { abs(Double($0) - $1) }
    #expect((errors.max() ?? 0) <= unit * 1.5 * (20 + 3.5 * depth.squareRoot()))
    let meanSquare = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
    #expect(meanSquare.squareRoot() <= unit * 1.5 * (2.5 + 0.5 * depth.squareRoot()) * (errors.count < 500 ? 2 : 1))
  }

  /// Choosing by arithmetic: where depth, channels and positions are many, and never where it is not allowed.
  @Test(arguments: KernelTable.runnable)
  func choiceFollowsTheSizes(table: KernelTable) {
    let all = Convolution.Algorithm.allCases
    #expect(Convolution.choice(layer([14, 14], 1024, 1024), among: all, table: table) == .strassen)
    #expect(Convolution.choice(layer([28, 28], 512, 512), among: all, table: table) == .strassen)
    #expect(Convolution.choice(layer([112, 112], 16, 96), among: all, table: table) == .positionsInLanes)
    #expect(Convolution.choice(layer([1, 1], 2048, 1000), among: all, table: table).isDirectSum)
    let direct = all.filter(\.isDirectSum)
    #expect(Convolution.choice(layer([14, 14], 1024, 1024), among: direct, table: table).isDirectSum)
    #expect(!Convolution.candidates(layer([56, 56], 32, 192), among: all, table: table).contains(.strassen))
    #expect(!Convolution.Algorithm.strassen.supports(layer([14, 14], 1025, 1024), table: table))
    #expect(!Convolution.Algorithm.strassen.supports(layer([14, 14], 1024, 1025), table: table))
  }

  /// Runs a convolution in guarded buffers.
  private func run(
    _ shape: ConvolutionShape, _ table: KernelTable, threads: Int, _ input: GuardedBuffer, _ weights: GuardedBuffer
  ) -> [Float] {
    let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
    let convolution = Convolution(shape, algorithm: .strassen, context: context)
    let packed = GuardedBuffer(count: convolution.packedWeightBytes / 4)
    let scratch = GuardedBuffer(count: convolution.scratchBytes / 4)
    let output = GuardedBuffer(count: shape.batch * shape.outputChannels * shape.output.product)
    convolution.packWeights(weights.base, into: packed.base)
    convolution.run(input: input.base, weights: packed.base, output: output.base, scratch: scratch.base)
    #expect(input.isIntact && weights.isIntact && output.isIntact && packed.isIntact && scratch.isIntact)
    return output.elements
  }
}
