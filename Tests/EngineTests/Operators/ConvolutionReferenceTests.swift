import Engine
import Graph
import TestSupport
import Testing

struct ConvolutionReferenceTests {
  private static func wholeNumbers(_ shape: [Int], seed: UInt64) -> [Double] {
    var random = SplitMix64(seed: seed)
    return (0..<shape.reduce(1, *)).map { _ in Double(Int(random.next() % 9)) - 4 }
  }

  /// Whole numbers keep sums exact: the result must equal sums over indices, element by element.
  @Test(arguments: [
    (image: [2, 4, 6, 5], filters: [6, 2, 3, 2], group: 2, strides: [2, 1], dilations: [1, 2], pads: [1, 0, 2, 1]),
    (image: [1, 3, 4, 4], filters: [3, 1, 1, 1], group: 3, strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0]),
    (image: [1, 1, 3, 3], filters: [2, 1, 3, 3], group: 1, strides: [3, 3], dilations: [1, 1], pads: [2, 2, 2, 2]),
  ])
  func equalsDefinition(
    image: [Int], filters: [Int], group: Int, strides: [Int], dilations: [Int], pads: [Int]
  ) throws {
    let x = Self.wholeNumbers(image, seed: 1), w = Self.wholeNumbers(filters, seed: 2)
    let bias = Self.wholeNumbers([filters[0]], seed: 3)
    let attributes: [String: Attribute] = [
      "group": .int(group), "strides": .ints(strides), "dilations": .ints(dilations), "pads": .ints(pads),
    ]
    let result = try #require(
      try runTensor(
        "Conv", version: 11, [Tensor(shape: image, x), Tensor(shape: filters, w), Tensor(shape: [filters[0]], bias)],
        attributes: attributes))
    let (rows, columns) = (result.shape[2], result.shape[3])
    var expected: [Double] = []
    for n in 0..<image[0] {
      for m in 0..<filters[0] {
        for oy in 0..<rows {
          for ox in 0..<columns {
            var sum = bias[m]
            for c in 0..<filters[1] {
              for ky in 0..<filters[2] {
                for kx in 0..<filters[3] {
                  let y = oy * strides[0] + ky * dilations[0] - pads[0],
                    x0 = ox * strides[1] + kx * dilations[1] - pads[1]
                  guard (0..<image[2]).contains(y), (0..<image[3]).contains(x0) else { continue }
                  let channel = m / (filters[0] / group) * filters[1] + c
                  sum +=
                    x[((n * image[1] + channel) * image[2] + y) * image[3] + x0]
                    * w[((m * filters[1] + c) * filters[2] + ky) * filters[3] + kx]
                }
              }
            }
            expected.append(sum)
          }
        }
      }
    }
    #expect(result.elements(Double.self) == expected)
  }

  /// A transposed convolution is the adjoint of a convolution: sum(conv(x) * y) = sum(x * transposed(y)), exactly.
  @Test func transposedIsAdjoint() throws {
    let attributes: [String: Attribute] = ["strides": .ints([2]), "pads": .ints([1, 1]), "group": .int(2)]
    let (image, filters) = ([1, 4, 7], [6, 2, 3])
    let x = Self.wholeNumbers(image, seed: 4), w = Tensor(shape: filters, Self.wholeNumbers(filters, seed: 5))
    let forward = try #require(
      try runTensor("Conv", version: 11, [Tensor(shape: image, x), w], attributes: attributes))
    let y = Self.wholeNumbers(forward.shape, seed: 6)
    let backward = try #require(
      try runTensor("ConvTranspose", version: 11, [Tensor(shape: forward.shape, y), w], attributes: attributes))
    #expect(backward.shape == image)
    let left = zip(forward.elements(Double.self) ?? [], y).reduce(0) { $0 + $1.0 * $1.1 }
    let right = zip(x, backward.elements(Double.self) ?? []).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(left == right)
  }

  /// A fused convolution is its parts, one after the other.
  @Test func fusedIsItsParts() throws {
    let (image, filters) = ([1, 2, 4, 4], [3, 2, 3, 3])
    let x = Tensor(shape: image, Self.wholeNumbers(image, seed: 7))
    let w = Tensor(shape: filters, Self.wholeNumbers(filters, seed: 8))
    let residual = Tensor(shape: [1, 3, 2, 2], Self.wholeNumbers([1, 3, 2, 2], seed: 9))
    let plain = try #require(try runTensor("Conv", version: 11, [x, w])?.elements(Double.self))
    let fused = try runNode(
      "FusedConv", domain: OperatorID.internalDomain, version: 1, [x, w, nil, residual],
      attributes: ["activation": .string("Relu")])
    let expected = zip(plain, try #require(residual.elements(Double.self))).map { max($0 + $1, 0) }
    #expect(fused.first?.tensor?.elements(Double.self) == expected)
  }
}

/// Contents that an operator cannot take are errors that name the input, never a trap.
struct HostileContentsTests {
  private func invalidInput(_ body: () throws -> Tensor?) -> String? {
    do {
      _ = try body()
      return nil
    } catch EngineError.model(_, .invalidValue(_, let input, _, _)) {
      return input
    } catch {
      return "\(error)"
    }
  }

  @Test func indicesBeyondTheData() {
    let x = Tensor(shape: [1, 1, 1], [1] as [Float])
    let unpool: [String: Attribute] = ["kernel_shape": .ints([2]), "strides": .ints([2])]
    for index in [Int64.min, -1, 2, Int64.max] {
      let place = Tensor(shape: [1, 1, 1], [index])
      #expect(invalidInput { try runTensor("MaxUnpool", version: 11, [x, place], attributes: unpool) } == "1")
      let scores = Tensor(shape: [1, 2], [0, 1] as [Float])
      let label = Tensor(shape: [1], [index])
      #expect(invalidInput { try runTensor("NegativeLogLikelihoodLoss", version: 13, [scores, label]) } == "1")
    }
  }

  @Test(arguments: [Float.nan, .infinity, -1, 0, 1e30])
  func scales(scale: Float) {
    let x = Tensor(shape: [1, 1, 2], [1, 2] as [Float])
    let scales = Tensor(shape: [3], [1, 1, scale])
    #expect(invalidInput { try runTensor("Resize", version: 10, [x, scales]) } == "scales")
  }

  /// Places that are no numbers sample zeros; they are data, not errors.
  @Test func placesThatAreNoNumbers() throws {
    let x = Tensor(shape: [1, 1, 2, 2], [1, 2, 3, 4] as [Float])
    let grid = Tensor(shape: [1, 1, 2, 2], [.nan, .infinity, 1e30, -1e30] as [Float])
    let result = try runTensor("GridSample", version: 16, [x, grid])
    #expect(result?.elements(Float.self) == [0, 0])
  }

  /// Quantization saturates whatever comes in.
  @Test func quantizesEverything() throws {
    let x = Tensor(shape: [5], [.nan, .infinity, -.infinity, 1e38, -3] as [Float])
    let result = try runTensor(
      "QuantizeLinear", version: 13, [x, Tensor(scalar: Float(1e-3)), Tensor(scalar: Int8(1))])
    #expect(result?.integers == [1, 127, -128, 127, -128])
  }
}
