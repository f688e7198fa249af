import Kernels
import Testing

@Suite struct SpinBudgetTests {
  private let longest = 4_000
  private var calm: SpinBudget { SpinBudget(longest: longest) }

  /// Waits that are brief after the next preemption.
  private func briefWaits(_ budget: inout SpinBudget, preemptions: Int) -> Int {
    (0..<100_000).prefix { _ in budget.pauses(preemptions: preemptions) == SpinBudget.brief }.count
  }

  @Test func waitsAreLongUntilAPreemption() {
    var budget = calm
    let before = budget.preemptions
    for _ in 0..<100 { #expect(budget.pauses(preemptions: before) == longest) }
    #expect(budget.pauses(preemptions: before + 1) == SpinBudget.brief)
  }

  @Test func repeatedPreemptionsMakeLongerPeriodsUpToABound() {
    var budget = calm
    let before = budget.preemptions
    let periods = (1...10).map { briefWaits(&budget, preemptions: before + $0) }
    #expect(periods.prefix(3) == [64, 128, 256])
    #expect(periods.suffix(3) == [4096, 4096, 4096])
  }

  @Test func aLongCalmForgetsThem() {
    var budget = calm
    let before = budget.preemptions
    _ = (1...10).map { briefWaits(&budget, preemptions: before + $0) }
    for _ in 0..<4096 { #expect(budget.pauses(preemptions: before + 10) == longest) }
    #expect(briefWaits(&budget, preemptions: before + 11) == 64)
  }

  /// A pool of more threads than processors spins briefly anyhow.
  @Test func aShortBudgetIsNeverLengthened() {
    var budget = SpinBudget(longest: 50)
    #expect(budget.pauses() == 50)
  }
}
