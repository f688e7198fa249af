/// A loop of independent fused multiply-adds in registers: the rate that no kernel of this instruction set can exceed.
public enum FMAPeak<I: ISA> {
  /// Chains that run side by side: enough for two units of four or five cycles latency each.
  @inlinable @inline(__always)
  public static var chains: Int { 12 }

  /// Runs `rounds` rounds of one FMA per chain and returns the sum, so that nothing can be left out.
  ///
  /// A round is `2 * chains * lanes` floating-point operations.
  @inlinable @inline(__always)
  public static func run(rounds: Int, seed: Float) -> Float {
    let factor = I.broadcast(seed)
    let step = I.broadcast(1 - seed)
    var sums = InlineArray<12, I.F32> { i in I.broadcast(Float(i)) }
    var round = 0
    while round < rounds {
      for i in 0..<12 { sums[i] = I.fma(sums[i], factor, step) }
      round += 1
    }
    var total = sums[0]
    for i in 1..<12 { total = I.add(total, sums[i]) }
    return I.sum(total)
  }
}
