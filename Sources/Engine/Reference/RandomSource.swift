import Foundation
import Graph

/// Random numbers of one node: the same at each run if the node has a seed, else new ones.
///
/// SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
struct RandomSource: RandomNumberGenerator {
  private var state: UInt64

  /// Starts from the node's attribute `seed`, or from the system's randomness.
  init(_ node: Evaluation) {
    state =
      switch node.context.node.attributes["seed"] {
      case .float(let seed)?: UInt64(seed.bitPattern)
      case .int(let seed)?: UInt64(bitPattern: Int64(seed))
      default: UInt64.random(in: .min ... .max)
      }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to below 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number of the standard normal distribution.
  ///
  /// Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958).
  mutating func normal() -> Double {
    let radius = Foundation.sqrt(-2 * Foundation.log(1 - uniform()))
    return radius * Foundation.cos(2 * .pi * uniform())
  }
}
