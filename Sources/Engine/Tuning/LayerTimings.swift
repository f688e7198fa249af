import Kernels

/// How long a layer takes by each algorithm that was measured.
package struct LayerTimings: Codable, Equatable, Sendable {
  /// How thoroughly it was measured.
  package let tuning: PlanOptions.Tuning
  /// The shortest run by each algorithm.
  package let microseconds: [String: Double]

  /// Keeps what was measured.
  package init(tuning: PlanOptions.Tuning, microseconds: [String: Double]) {
    self.tuning = tuning
    self.microseconds = microseconds
  }

  /// Whether the numbers can be times, as those of a file need not be.
  var isPlausible: Bool { tuning != .off && microseconds.values.allSatisfy { $0.isFinite && $0 > 0 } }

  /// Whether every candidate was measured.
  func covers(_ candidates: [Convolution.Algorithm]) -> Bool {
    candidates.allSatisfy { microseconds[$0.rawValue] != nil }
  }

  /// Whether nothing is left to measure: every candidate was, as thoroughly as is asked for.
  func answers(_ tuning: PlanOptions.Tuning, _ candidates: [Convolution.Algorithm]) -> Bool {
    covers(candidates) && (self.tuning == tuning || self.tuning == .full)
  }

  /// The fastest of the candidates; the preferred one unless another is faster by more than measurements differ.
  func fastest(of candidates: [Convolution.Algorithm], preferring preferred: Convolution.Algorithm)
    -> Convolution.Algorithm
  {
    func time(_ algorithm: Convolution.Algorithm) -> Double { microseconds[algorithm.rawValue] ?? .infinity }
    guard let best = candidates.min(by: { time($0) < time($1) }) else { return preferred }
    return time(best) < time(preferred) * 0.98 ? best : preferred
  }
}
