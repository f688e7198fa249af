import Graph
import Kernels

/// A convolution on made-up numbers, to be timed.
struct ConvolutionTrial {
  private let convolution: Convolution
  private let input: PackedWeights
  private let bias: PackedWeights
  /// As many copies of the weights as the last cache does not hold, used in turn: in a model they come from memory.
  private let weights: [PackedWeights]
  private let output: TensorStorage
  private let scratch: TensorStorage
  private var turn = 0

  /// Bytes of the largest layer that is timed; what takes more takes long enough to be worth no copies.
  private static let largest = 1 << 30

  /// - Returns: nil for a layer that takes too much memory to be run beside a model.
  init?(_ shape: ConvolutionShape, _ algorithm: Convolution.Algorithm, kernels: KernelContext) {
    let convolution = Convolution(shape, algorithm: algorithm, context: kernels)
    let inputCount = shape.batch * shape.inputChannels * shape.input.product
    let outputCount = shape.batch * shape.outputChannels * shape.output.product
    let weightCount = shape.outputChannels * shape.reduction
    let counts = [
      inputCount, outputCount, weightCount, convolution.scratchBytes / 4, convolution.packedWeightBytes / 4,
    ]
    guard counts.allSatisfy({ (0...Self.largest / 4).contains($0) }), counts.reduce(0, +) <= Self.largest / 4 else {
      return nil
    }
    self.convolution = convolution
    let staging = StagingMemory(pool: kernels.pool)
    func numbers(_ count: Int) -> Tensor { Tensor(shape: [count], (0..<count).map { Float($0 % 17) / 8 - 1 }) }
    func plain(_ tensor: Tensor) -> PackedWeights {
      PackedWeights(tensor, byteCount: tensor.count * 4, staging: staging) {
        $1.copyMemory(from: $0, byteCount: tensor.count * 4)
      }
    }
    input = plain(numbers(inputCount))
    bias = plain(numbers(shape.outputChannels))
    let byteCount = convolution.packedWeightBytes
    let packed = PackedWeights(numbers(weightCount), byteCount: byteCount, staging: staging) {
      convolution.packWeights($0, into: $1)
    }
    let copies = min(16, max(1, 2 * CacheSizes.current.last / max(1, byteCount)))
    weights = [packed] + (1..<max(1, copies)).map { _ in packed.copy() }
    output = TensorStorage(byteCount: outputCount * 4) { _ in }
    scratch = TensorStorage(byteCount: convolution.scratchBytes) { _ in }
  }

  /// The time of one run.
  mutating func run() -> Duration {
    let packed = weights[turn % weights.count]
    turn += 1
    let epilogue = Epilogue(bias: bias.floats, activation: .relu)
    let target = UnsafeMutableRawPointer(mutating: output.base).assumingMemoryBound(to: Float.self)
    let memory = UnsafeMutableRawPointer(mutating: scratch.base)
    return ContinuousClock().measure {
      convolution.run(input: input.floats, weights: packed.base, output: target, epilogue: epilogue, scratch: memory)
    }
  }
}
