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

  /// Every table of this build by its name, best first.
  ///
  /// One that the processor lacks is never made: its module's code may use its instructions anywhere. OpenBLAS is not loaded
  /// before it is asked for.
  private static let all: [Choice] = {
    #if arch(x86_64)
      let features = isa_features()
      let (hasAVX512, hasAVX2) = (features.avx512 != 0, features.avx2 != 0)
      return [
        Choice(name: AVX512.name.description) { hasAVX512 ? .avx512 : nil },
        Choice(name: AVX2.name.description) { hasAVX2 ? .avx2 : nil },
        Choice(name: "openblas", isOurs: false) { .openBLAS },
        Choice(name: Portable.name.description) { .portable },
      ]
    #else
      return [
        Choice(name: "openblas", isOurs: false) { .openBLAS }, Choice(name: Portable.name.description) { .portable },
      ]
    #endif
  }()

  private struct Choice: Sendable {
    let name: String
    var isOurs = true
    let table: @Sendable () -> KernelTable?
  }

  /// The tables of our own kernels that this processor runs, best first; the portable one is always there.
  public static let runnable: [KernelTable] = all.filter(\.isOurs).compactMap { $0.table() }

  /// The table in use: the best (OpenBLAS's where only the portable one runs and the library is there), or the one that `SWIFTINFER_ISA` names.
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
    guard let name, !name.isEmpty else { return all.lazy.compactMap { $0.table() }.first ?? .portable }
    guard let found = all.first(where: { $0.name == name }) else {
      throw .unknownISA(name: name, known: all.map(\.name))
    }
    guard let table = found.table() else { throw .unrunnableISA(name: name, runnable: runnable.map(\.name)) }
    return table
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
