/// How long a tuner measures.
package struct TuningRules: Sendable {
  /// For all layers of a plan.
  package let budget: Duration
  /// For each candidate of a layer.
  package let candidateBudget: Duration
  /// Runs of a candidate at least, if it is not far behind.
  package let leastRounds: Int
  /// Runs of a candidate at most.
  package let mostRounds: Int
  /// How many times as long as the fastest a candidate may take and stay in the race.
  package let behind: Double

  /// Bounds for a race of one's own.
  package init(
    budget: Duration, candidateBudget: Duration, leastRounds: Int, mostRounds: Int, behind: Double
  ) {
    self.budget = budget
    self.candidateBudget = candidateBudget
    self.leastRounds = leastRounds
    self.mostRounds = mostRounds
    self.behind = behind
  }

  /// A few seconds for a large model.
  static let fast = TuningRules(
    budget: .seconds(4), candidateBudget: .milliseconds(15), leastRounds: 3, mostRounds: 20, behind: 1.3)
  /// Up to twenty seconds for a large model; what is left of them is for packing weights.
  static let full = TuningRules(
    budget: .seconds(18), candidateBudget: .milliseconds(120), leastRounds: 6, mostRounds: 100, behind: 1.5)
}

/// Times the candidates of a layer in turns, so that what disturbs the machine disturbs all of them.
struct LayerRace {
  let rules: TuningRules
  let now: () -> ContinuousClock.Instant

  /// The shortest time of each candidate.
  ///
  /// - Parameters:
  ///   - candidates: each runs the layer once and tells how long that took; the first run is cold and puts nobody out.
  ///   - share: time for this layer; the least number of rounds is run nevertheless.
  ///   - deadline: when to stop in any case.
  /// - Returns: nil if the deadline came before every candidate had two runs.
  func run(_ candidates: [() -> Duration], share: Duration, deadline: ContinuousClock.Instant) -> [Duration]? {
    var best: [Duration?] = Array(repeating: nil, count: candidates.count)
    var active = Array(candidates.indices)
    let start = now()
    for round in 0..<rules.mostRounds {
      for index in active {
        if now() >= deadline {
          if round < 2 { return nil }
          return best.compactMap { $0 }
        }
        let duration = candidates[index]()
        best[index] = min(best[index] ?? duration, duration)
      }
      guard round > 0 else { continue }
      let fastest = active.compactMap { best[$0] }.min() ?? .zero
      active.removeAll { index in best[index].map { $0 > fastest * rules.behind } ?? false }
      if active.count < 2 { break }
      if round + 1 >= rules.leastRounds, now() - start >= share { break }
    }
    return best.compactMap { $0 }
  }
}
