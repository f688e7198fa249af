import CIntrinsics
@_exported import KernelTemplates

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension KernelTable {
  /// The environment variable that overrides the choice.
  public static let environmentVariable = "SWIFTINFER_ISA"

  /// Every table of this build, best first.
  static let all: [(table: KernelTable, runs: Bool)] = {
    #if arch(x86_64)
      let features = isa_features()
      return [(.avx512, features.avx512 != 0), (.avx2, features.avx2 != 0), (.portable, true)]
    #else
      return [(.portable, true)]
    #endif
  }()

  /// The tables that this processor runs, best first; the portable one is always there.
  public static let runnable: [KernelTable] = all.filter(\.runs).map(\.table)

  /// The table in use: the best, or the one that `SWIFTINFER_ISA` names.
  ///
  /// Chosen at the first call, then kept.
  ///
  /// - Throws: `KernelError` if the variable names a table that is unknown or that the processor cannot run.
  public static func current() throws(KernelError) -> KernelTable { try chosen.get() }

  private static let chosen: Result<KernelTable, KernelError> = Result { () throws(KernelError) in
    try select(getenv(environmentVariable).map { String(cString: $0) })
  }

  /// The table of that name, or the best one for `nil` and the empty name.
  public static func select(_ name: String?) throws(KernelError) -> KernelTable {
    guard let name, !name.isEmpty else { return runnable.first ?? .portable }
    guard let found = all.first(where: { $0.table.name == name }) else {
      throw .unknownISA(name: name, known: all.map(\.table.name))
    }
    guard found.runs else { throw .unrunnableISA(name: name, runnable: runnable.map(\.name)) }
    return found.table
  }

  /// The instruction set, as `SWIFTINFER_ISA` spells it.
  public var name: String { isa.description }

  /// Measures the rate of fused multiply-adds that one core reaches: no FP32 kernel of this table can be faster.
  ///
  /// - Parameter rounds: rounds per trial; the best of five trials counts.
  /// - Returns: floating-point operations per second, a fused multiply-add counted as two.
  public func measuredPeak(rounds: Int = 1_000_000) -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    var sum: Float = 0
    for _ in 0..<5 {
      let time = clock.measure { sum += fmaPeak(rounds, 0.5) }
      best = min(best, time / .seconds(1))
    }
    return sum.isNaN ? 0 : Double(rounds * 2 * fmaPeakChains * lanes) / best
  }
}

extension KernelTable: CustomStringConvertible {
  /// The instruction set.
  public var description: String { name }
}
