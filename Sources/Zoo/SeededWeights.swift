import Graph

/// What the elements of a parameter are drawn from.
package struct Distribution: Sendable {
  /// The mean.
  let mean: Double
  /// The standard deviation.
  let deviation: Double
  /// Whether each row (all axes but the first) is shifted so that it sums to zero.
  ///
  /// An output that weighs its inputs so does not see a shift of all of them, such as a Relu causes. Batch normalization
  /// takes that shift out of trained networks; with neither, the outputs hardly depend on the input.
  let isCentred: Bool

  /// Describes a distribution.
  package init(mean: Double = 0, deviation: Double, isCentred: Bool = false) {
    self.mean = mean
    self.deviation = deviation
    self.isCentred = isCentred
  }
}

/// Makes weights out of nothing: a number for each (seed, parameter, element), the same on every machine.
///
/// Element i of a parameter is a hash of a counter, not the next number of a stream: a parameter does not change when others
/// are added, and may be made in any order. The hash is integer arithmetic, the rest a fixed sequence of IEEE 754
/// operations, so results agree bit for bit everywhere.
///
/// Values are close to a normal distribution: the sum of four 16-bit uniform numbers (Irwin-Hall), bent by a cubic
/// so that the fourth moment is a normal's, too. The largest is 4.06 deviations, so quantization meets the tails that it
/// would meet in a freshly initialised network.
package struct SeededWeights: Sendable {
  /// Distinguishes networks of the same architecture.
  let seed: UInt64

  /// Weights of a seed.
  package init(seed: UInt64) { self.seed = seed }

  /// A parameter.
  ///
  /// - Parameters:
  ///   - parameter: the name under which the network knows it, such as `layer1.0.conv1.weight`.
  ///   - shape: its shape.
  ///   - distribution: what its elements are drawn from.
  package func draw(_ parameter: String, shape: [Int], from distribution: Distribution) -> Tensor {
    let key = key(of: parameter)
    return Tensor(shape: shape, of: Float.self) { elements in
      let rowLength = distribution.isCentred ? shape.dropFirst().reduce(1, *) : elements.count
      for start in stride(from: 0, to: elements.count, by: max(rowLength, 1)) {
        let row = start..<start + rowLength
        Self.fill(&elements, row, key: key, from: distribution)
        if distribution.isCentred { Self.shift(&elements, row, by: -Self.sum(elements, row) / Float(rowLength)) }
      }
    }
  }

  private static func fill(
    _ elements: inout MutableSpan<Float>, _ range: Range<Int>, key: UInt64, from distribution: Distribution
  ) {
    let mean = Float(distribution.mean)
    let linear = Float(distribution.deviation * linear / deviationOfSum)
    let cubic = Float(distribution.deviation * cubic / (deviationOfSum * deviationOfSum * deviationOfSum))
    for i in range {
      let sum = Float(sumOfFour(SeededGenerator.mix(key &+ UInt64(truncatingIfNeeded: i) &* SeededGenerator.golden)))
      elements[i] = mean + sum * (linear + cubic * (sum * sum))
    }
  }

  /// A sum in fixed order: four partial sums, which do not wait for one another.
  private static func sum(_ elements: borrowing MutableSpan<Float>, _ range: Range<Int>) -> Float {
    var parts = SIMD4<Float>.zero
    var i = range.lowerBound
    while i + 4 <= range.upperBound {
      parts += SIMD4(elements[i], elements[i + 1], elements[i + 2], elements[i + 3])
      i += 4
    }
    while i < range.upperBound {
      parts.x += elements[i]
      i += 1
    }
    return (parts.x + parts.y) + (parts.z + parts.w)
  }

  private static func shift(_ elements: inout MutableSpan<Float>, _ range: Range<Int>, by difference: Float) {
    for i in range { elements[i] += difference }
  }

  /// Where a parameter's counter starts: FNV-1a over its name, mixed with the seed.
  private func key(of parameter: String) -> UInt64 {
    let hash = parameter.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return SeededGenerator.mix(hash ^ SeededGenerator.mix(seed &+ SeededGenerator.golden))
  }

  /// The four 16-bit parts of a word, added and centred: whole, in ±131,070.
  @inline(__always)
  private static func sumOfFour(_ word: UInt64) -> Int32 {
    let pairs = (word & 0x0000_FFFF_0000_FFFF) &+ ((word >> 16) & 0x0000_FFFF_0000_FFFF)
    return Int32(truncatingIfNeeded: (pairs & 0xFFFF_FFFF) &+ (pairs >> 32)) &- 131_070
  }

  /// Of a sum of four whole numbers, uniform in 0...65535: √(4·(65536² − 1)/12).
  private static let deviationOfSum = (4 * (65536.0 * 65536.0 - 1) / 12).squareRoot()
  /// With x such a sum in units of its deviation, `linear`·x + `cubic`·x³ has deviation 1 and fourth moment 3.
  ///
  /// By the exact moments of x: E[x⁴] = 2.7, E[x⁶] = 76.5/7, E[x⁸] = 55.8, ….
  private static let linear = 0.9490355216555492
  private static let cubic = 0.018641505975653703
}
