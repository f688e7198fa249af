import Kernels
import TestSupport
import Testing

/// Sizes at the edges of tiles, quads, vectors and blocks.
private let shapes: [ConvolutionShape] = {
  var random = SplitMix64(seed: 31)
  func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  let random60 = (0..<60).map { _ in
    let groups = [1, 1, 1, 2, 3].randomElement(using: &random) ?? 1
    return plane(
      [pick(1...23), pick(1...23)], groups * pick(1...20), groups * pick(1...30), batch: pick(1...2), groups: groups,
      pads: [pick(0...2), pick(0...2), pick(0...2), pick(0...2)])
  }
  return random60.filter { $0.output.product > 0 } + [
    plane([56, 56], 8, 24), plane([28, 28], 70, 13), plane([14, 14], 130, 40), plane([7, 7], 65, 100),
    plane([7, 7], 300, 74), plane([7, 7], 620, 48), plane([7, 7], 410, 44), plane([20, 30], 310, 26),
    plane([61, 45], 5, 7), plane([3, 300], 3, 4), plane([300, 3], 3, 4), plane([14, 14], 64, 64, groups: 16),
  ]
}()

private func plane(
  _ size: [Int], _ inputs: Int, _ outputs: Int, batch: Int = 1, groups: Int = 1, pads: [Int] = [1, 1, 1, 1]
) -> ConvolutionShape {
  ConvolutionShape(
    batch: batch, inputChannels: inputs, outputChannels: outputs, groups: groups, input: size, kernel: [3, 3],
    stride: [1, 1], dilation: [1, 1], padsBegin: Array(pads[..<2]), padsEnd: Array(pads[2...]))
}

@Suite struct WinogradTests {
  /// F(2x2, 3x3) has only factors that are powers of two: whole numbers stay exact.
  @Test(arguments: KernelTable.every, shapes)
  func smallTilesAreExactOnWholeNumbers(table: KernelTable, shape: ConvolutionShape) {
    var random = SplitMix64(seed: 32)
    let input = GuardedBuffer(
      count: shape.batch * shape.inputChannels * shape.input.product, whole: -8...8, using: &random)
    let weights = GuardedBuffer(count: shape.outputChannels * shape.reduction, whole: -8...8, using: &random)
    for threads in [1, 3] {
      let output = run(shape, .winograd2, table, threads: threads, input, weights)
      #expect(output.map(Double.init) == referenceConvolution(shape, input: input.elements, weights: weights.elements))
    }
  }

  /// Rounding errors grow with the square root of the channels.
  ///
  /// In units of 2^-24 times the deviation of an output, F(4x4, 3x3) with the points 0, ±√½, ±√2 has an error of 5.6 for one
  /// channel, 9.3 for 16, 34 for 512, and a largest error of 35, 51, 196 (simulated in single precision with uniform data): the
  /// bounds are half as large again.
  @Test(arguments: KernelTable.every, shapes)
  func largeTilesStayWithinTheirErrorBound(table: KernelTable, shape: ConvolutionShape) {
    var random = SplitMix64(seed: 33)
    let input = GuardedBuffer(
      count: shape.batch * shape.inputChannels * shape.input.product, in: -1...1, using: &random)
    let weights = GuardedBuffer(count: shape.outputChannels * shape.reduction, in: -1...1, using: &random)
    let expected = referenceConvolution(shape, input: input.elements, weights: weights.elements)
    let channels = Double(shape.groupInputChannels)
    // Uniform numbers between -1 and 1 have a variance of a third.
    let unit = 0x1p-24 * (9 * channels).squareRoot() / 3
    for threads in [1, 3] {
      let output = run(shape, .winograd4, table, threads: threads, input, weights)
      let errors = zip(output, expected).map { abs(Double($0) - $1) }
      #expect((errors.max() ?? 0) <= unit * (60 + 12 * channels.squareRoot()))
      let meanSquare = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
      #expect(meanSquare.squareRoot() <= unit * (8.5 + 2.3 * channels.squareRoot()) * (errors.count < 500 ? 2 : 1))
    }
  }

  /// The residual may lie in the output's memory; bias and activation follow it.
  @Test(arguments: KernelTable.every, [Convolution.Algorithm.winograd2, .winograd4])
  func epilogueFollowsTheSums(table: KernelTable, algorithm: Convolution.Algorithm) {
    var random = SplitMix64(seed: 34)
    let shape = plane([13, 18], 12, 20)
    let input = GuardedBuffer(count: 12 * shape.input.product, whole: -4...4, using: &random)
    let weights = GuardedBuffer(count: 20 * shape.reduction, whole: -4...4, using: &random)
    let bias = GuardedBuffer(count: 20, whole: -50...50, using: &random)
    let residual = GuardedBuffer(count: 20 * shape.output.product, whole: -50...50, using: &random)
    for (activation, inPlace) in [
      (Activation.relu, true), (.clip(min: -20, max: 60), false), (.leakyRelu(alpha: 0.5), true),
    ] {
      let sums = referenceConvolution(shape, input: input.elements, weights: weights.elements)
      let expected = sums.indices.map { i in
        let x = sums[i] + Double(bias.base[i / shape.output.product]) + Double(residual.base[i])
        return switch activation {
        case .relu: max(0, x)
        case .clip(let low, let high): min(Double(high), max(Double(low), x))
        default: x < 0 ? x * 0.5 : x
        }
      }
      let target = GuardedBuffer(residual.elements)
      let output = run(shape, algorithm, table, threads: 2, input, weights, into: target) {
        Epilogue(
          bias: UnsafePointer(bias.base), residual: UnsafePointer(inPlace ? target.base : residual.base),
          activation: activation)
      }
      let error = zip(output, expected).map { abs(Double($0) - $1) }.max() ?? 0
      #expect(error <= (algorithm == .winograd2 ? 0 : 1e-3))
    }
  }

  /// Choosing by arithmetic: large tiles where planes are large, sums where tiles would idle, never where it is not allowed.
  @Test(arguments: KernelTable.every)
  func choiceFollowsTheSizes(table: KernelTable) {
    let all = Convolution.Algorithm.allCases
    #expect(Convolution.choice(plane([56, 56], 64, 64), among: all, table: table) == .winograd4)
    #expect(Convolution.choice(plane([14, 14], 512, 512), among: all, table: table) == .winograd4)
    #expect(!Convolution.choice(plane([7, 7], 512, 512), among: all, table: table).isDirectSum)
    let direct = all.filter(\.isDirectSum)
    #expect(Convolution.choice(plane([56, 56], 64, 64), among: direct, table: table) == .positionsInLanes)
    let strided = ConvolutionShape(
      batch: 1, inputChannels: 64, outputChannels: 64, input: [56, 56], kernel: [3, 3], stride: [2, 2],
      dilation: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
    #expect(Convolution.choice(strided, among: all, table: table) == .positionsInLanes)
  }

  /// Runs a convolution in guarded buffers.
  private func run(
    _ shape: ConvolutionShape, _ algorithm: Convolution.Algorithm, _ table: KernelTable, threads: Int,
    _ input: GuardedBuffer, _ weights: GuardedBuffer, into target: GuardedBuffer? = nil,
    epilogue: () -> Epilogue = { Epilogue() }
  ) -> [Float] {
    let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
    let convolution = Convolution(shape, algorithm: algorithm, context: context)
    let packed = GuardedBuffer(count: convolution.packedWeightBytes / 4)
    let scratch = GuardedBuffer(count: convolution.scratchBytes / 4)
    let output = target ?? GuardedBuffer(count: shape.batch * shape.outputChannels * shape.output.product)
    convolution.packWeights(weights.base, into: packed.base)
    convolution.run(
      input: input.base, weights: packed.base, output: output.base, epilogue: epilogue(), scratch: scratch.base)
    #expect(input.isIntact && weights.isIntact && output.isIntact && packed.isIntact && scratch.isIntact)
    return output.elements
  }
}
