import Foundation
import Graph

extension SeededGenerator {
  /// The generator of one node: the same at each run if the node has an attribute `seed`, else from the system's
  /// randomness.
  init(_ node: Evaluation) {
    switch node.context.node.attributes["seed"] {
    case .float(let seed)?: self.init(seed: UInt64(seed.bitPattern))
    case .int(let seed)?: self.init(seed: UInt64(bitPattern: Int64(seed)))
    default: self.init(seed: UInt64.random(in: .min ... .max))
    }
  }

  /// A number of the standard normal distribution.
  ///
  /// Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958).
  package mutating func normal() -> Double {
    let radius = Foundation.sqrt(-2 * Foundation.log(1 - uniform()))
    return radius * Foundation.cos(2 * .pi * uniform())
  }
}
