import Kernels
import TestSupport
import Testing

/// The definition, element by element.
private func referencePooling(_ kind: PoolingKind, _ s: PoolingShape, _ input: [Float]) -> [Double] {
  var output: [Double] = []
  for plane in 0..<s.planes {
    for oz in 0..<s.output.depth {
      for oy in 0..<s.output.height {
        for ox in 0..<s.output.width {
          var (sum, largest, inside, counted) = (0.0, -Double.infinity, 0, 0)
          for kz in 0..<s.kernel.depth {
            for ky in 0..<s.kernel.height {
              for kx in 0..<s.kernel.width {
                let z = oz * s.stride.depth + kz * s.dilation.depth - s.padsBegin.depth
                let y = oy * s.stride.height + ky * s.dilation.height - s.padsBegin.height
                let x = ox * s.stride.width + kx * s.dilation.width - s.padsBegin.width
                if z < s.input.depth + s.padsEnd.depth, y < s.input.height + s.padsEnd.height,
                  x < s.input.width + s.padsEnd.width
                {
                  counted += 1
                }
                guard z >= 0, z < s.input.depth, y >= 0, y < s.input.height, x >= 0, x < s.input.width else { continue }
                let value = Double(input[((plane * s.input.depth + z) * s.input.height + y) * s.input.width + x])
                sum += value
                largest = max(largest, value)
                inside += 1
              }
            }
          }
          switch kind {
          case .max: output.append(largest)
          case .average(let countIncludePad): output.append(sum / Double(max(1, countIncludePad ? counted : inside)))
          }
        }
      }
    }
  }
  return output
}

private func randomShapes(_ count: Int, seed: UInt64) -> [PoolingShape] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in
    let axes = [1, 2, 2, 2, 3].randomElement(using: &random) ?? 2
    func each(_ range: ClosedRange<Int>) -> [Int] { (0..<axes).map { _ in Int.random(in: range, using: &random) } }
    let (kernel, stride, dilation) = (each(1...4), each(1...3), each(1...2))
    let begin = kernel.map { Int.random(in: 0...($0 - 1), using: &random) }
    let end = kernel.map { Int.random(in: 0...($0 - 1), using: &random) }
    let input = each(axes == 3 ? 8...10 : 8...60)
    let roundsUp = Bool.random(using: &random)
    let output = (0..<axes).map { i in
      let rest = input[i] + begin[i] + end[i] - dilation[i] * (kernel[i] - 1) - 1
      return (rest + (roundsUp ? stride[i] - 1 : 0)) / stride[i] + 1
    }
    return PoolingShape(
      planes: 3, input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, padsBegin: begin,
      padsEnd: end)
  }
}

@Suite struct PoolingTests {
  @Test(arguments: KernelTable.runnable, randomShapes(60, seed: 21))
  func equalsReference(table: KernelTable, shape: PoolingShape) {
    var random = SplitMix64(seed: UInt64(shape.output.product))
    let context = KernelContext(table: table, pool: ThreadPool(threads: 2))
    let input = GuardedBuffer(count: shape.planes * shape.input.product, whole: -8...8, using: &random)
    for kind in [PoolingKind.max, .average(countIncludePad: false), .average(countIncludePad: true)] {
      let pooling = Pooling(kind, shape, context: context)
      let output = GuardedBuffer(count: shape.planes * shape.output.product)
      let scratch = GuardedBuffer(count: pooling.scratchBytes / 4 + 16)
      let aligned = UnsafeMutableRawPointer(scratch.base).alignedUp(toMultipleOf: 8)
      pooling.run(input: input.base, output: output.base, scratch: aligned)
      let expected = referencePooling(kind, shape, input.elements)
      // Whole numbers: a sum is exact; its product with the rounded factor is off by two roundings.
      let equal = zip(output.elements, expected).allSatisfy { (found: Float, wanted: Double) -> Bool in
        let bound: Double = abs(wanted) * 2 * Double(Float.ulpOfOne)
        return Double(found) == wanted || abs(Double(found) - wanted) <= bound
      }
      #expect(equal && output.isIntact && input.isIntact && scratch.isIntact, "\(kind)")
    }
  }

  @Test(arguments: KernelTable.runnable, [1, 3, 16, 49, 64, 67, 200])
  func globalPoolingEqualsReference(table: KernelTable, size: Int) {
    var random = SplitMix64(seed: UInt64(size))
    let context = KernelContext(table: table, pool: ThreadPool(threads: 2))
    let planes = 130
    let input = GuardedBuffer(count: planes * size, whole: -8...8, using: &random)
    let output = GuardedBuffer(count: planes)
    GlobalPooling(.max, planes: planes, size: size, context: context).run(input: input.base, output: output.base)
    let elements = input.elements
    func plane(_ i: Int) -> ArraySlice<Float> { elements[i * size..<(i + 1) * size] }
    #expect(output.elements == (0..<planes).map { plane($0).max() ?? 0 })
    GlobalPooling(.average, planes: planes, size: size, context: context).run(input: input.base, output: output.base)
    #expect(output.elements == (0..<planes).map { plane($0).reduce(0, +) / Float(size) })
  }

  /// A window that holds a NaN gives NaN wherever in it that is, as in NumPy and PyTorch; all others do not.
  @Test(arguments: KernelTable.runnable, [0, 1, 21, 40, 62])
  func maximumOfNaN(table: KernelTable, place: Int) {
    var random = SplitMix64(seed: 1)
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let input = GuardedBuffer(count: 64, whole: -8...8, using: &random)
    input.base[place] = .nan
    let plane = GuardedBuffer(count: 1)
    GlobalPooling(.max, planes: 1, size: 64, context: context).run(input: input.base, output: plane.base)
    #expect(plane.elements[0].isNaN)

    let shape = PoolingShape(
      planes: 1, input: [64], output: [62], kernel: [3], stride: [1], dilation: [1], padsBegin: [0], padsEnd: [0])
    let output = GuardedBuffer(count: 62)
    let pooling = Pooling(.max, shape, context: context)
    let scratch = GuardedBuffer(count: pooling.scratchBytes / 4 + 16)
    let aligned = UnsafeMutableRawPointer(scratch.base).alignedUp(toMultipleOf: 8)
    pooling.run(input: input.base, output: output.base, scratch: aligned)
    let withNaN = (0..<62).filter { ($0...$0 + 2).contains(place) }
    #expect(output.elements.indices.filter { output.elements[$0].isNaN } == withNaN)
  }

  /// Windows are listed for each axis: padding makes them many where the result is small.
  @Test func windowsOfAllAxesTakeMemory() {
    let shape = PoolingShape(
      planes: 1, input: [1, 1, 8], output: [1 << 24, 1 << 22, 8], kernel: [1, 1, 1], stride: [1, 1, 1],
      dilation: [1, 1, 1], padsBegin: [0, 0, 0], padsEnd: [1 << 24, 1 << 22, 0])
    #expect(shape.windowByteCount == 3 * MemoryLayout<Int>.stride * ((1 << 24) + (1 << 22) + 8))
  }
}
