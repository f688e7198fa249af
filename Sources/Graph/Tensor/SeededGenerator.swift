/// Random numbers from a seed: SplitMix64, the same on every machine.
///
/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
package struct SeededGenerator: RandomNumberGenerator {
  @usableFromInline package var state: UInt64

  /// Equal seeds give equal sequences.
  @inlinable package init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  @inlinable package mutating func next() -> UInt64 {
    state &+= Self.golden
    return Self.mix(state)
  }

  /// A number from 0 to below 1.
  @inlinable package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// The finalizer: a hash of a counter.
  @inlinable @inline(__always)
  package static func mix(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// What the counter grows by: 2⁶⁴ divided by the golden ratio, odd.
  @inlinable package static var golden: UInt64 { 0x9E37_79B9_7F4A_7C15 }
}
