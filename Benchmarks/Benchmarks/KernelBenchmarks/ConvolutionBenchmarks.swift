import Benchmark
import Kernels

/// A layer: channels, size of its square input, kernel, stride, groups; padded so that stride 1 keeps the size.
private struct Layer {
  let name: String
  let inputChannels: Int
  let outputChannels: Int
  let size: Int
  let kernel: Int
  var stride = 1
  var groups = 1

  var shape: ConvolutionShape {
    let pads = [kernel / 2, kernel / 2]
    return ConvolutionShape(
      batch: 1, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups, input: [size, size],
      kernel: [kernel, kernel], stride: [stride, stride], dilation: [1, 1], padsBegin: pads, padsEnd: pads)
  }
}

/// The distinct kinds of layer of ResNet-50, Wide ResNet-101-2, ResNeXt-101 64x4d and MobileNetV2.
private let layers = [
  Layer(name: "stem", inputChannels: 3, outputChannels: 64, size: 224, kernel: 7, stride: 2),
  Layer(name: "resnet 1x1", inputChannels: 64, outputChannels: 256, size: 56, kernel: 1),
  Layer(name: "resnet 1x1", inputChannels: 256, outputChannels: 64, size: 56, kernel: 1),
  Layer(name: "resnet 3x3", inputChannels: 64, outputChannels: 64, size: 56, kernel: 3),
  Layer(name: "resnet 3x3", inputChannels: 128, outputChannels: 128, size: 28, kernel: 3),
  Layer(name: "resnet 3x3", inputChannels: 256, outputChannels: 256, size: 14, kernel: 3),
  Layer(name: "resnet 3x3", inputChannels: 512, outputChannels: 512, size: 7, kernel: 3),
  Layer(name: "resnet 1x1", inputChannels: 1024, outputChannels: 256, size: 14, kernel: 1),
  Layer(name: "resnet 1x1", inputChannels: 2048, outputChannels: 512, size: 7, kernel: 1),
  Layer(name: "resnet 3x3 strided", inputChannels: 128, outputChannels: 128, size: 56, kernel: 3, stride: 2),
  Layer(name: "resnet 1x1 strided", inputChannels: 512, outputChannels: 1024, size: 28, kernel: 1, stride: 2),
  Layer(name: "wide 3x3", inputChannels: 512, outputChannels: 512, size: 14, kernel: 3),
  Layer(name: "resnext 3x3", inputChannels: 256, outputChannels: 256, size: 56, kernel: 3, groups: 64),
  Layer(name: "resnext 3x3", inputChannels: 1024, outputChannels: 1024, size: 14, kernel: 3, groups: 64),
  Layer(
    name: "mobilenet depthwise", inputChannels: 96, outputChannels: 96, size: 112, kernel: 3, stride: 2, groups: 96),
  Layer(name: "mobilenet depthwise", inputChannels: 384, outputChannels: 384, size: 14, kernel: 3, groups: 384),
]

func convolutionBenchmarks(on machine: Machine) {
  for layer in layers {
    let shape = layer.shape
    let size =
      "\(layer.inputChannels)→\(layer.outputChannels) \(layer.size)x\(layer.size) k\(layer.kernel) s\(layer.stride)"
    Benchmark("conv \(layer.name) \(size) g\(layer.groups) \(machine.label)") { benchmark in
      let convolution = Convolution(shape, context: machine.context)
      let weights = FloatBuffer(shape.outputChannels * shape.reduction)
      let packed = FloatBuffer(convolution.packedWeightBytes / 4)
      convolution.packWeights(weights.base, into: packed.base)
      let input = FloatBuffer(shape.inputChannels * shape.input.product)
      let output = FloatBuffer(shape.outputChannels * shape.output.product)
      let bias = FloatBuffer(shape.outputChannels)
      let scratch = FloatBuffer(convolution.scratchBytes / 4)
      for _ in benchmark.scaledIterations {
        Rate.measure(benchmark, flops: 2 * shape.multiplyAdds, peak: machine.peak) {
          convolution.run(
            input: input.base, weights: packed.base, output: output.base,
            epilogue: Epilogue(bias: bias.base, activation: .relu), scratch: scratch.base)
        }
      }
    }
  }
}
