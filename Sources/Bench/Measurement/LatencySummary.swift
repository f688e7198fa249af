/// What a list of latencies says, in milliseconds.
public struct LatencySummary: Codable, Sendable, Equatable {
  /// The shortest.
  public let min: Double
  /// The 50th percentile.
  public let median: Double
  /// The arithmetic mean.
  public let mean: Double
  /// The 90th percentile.
  public let p90: Double
  /// The 99th percentile.
  public let p99: Double
  /// The longest.
  public let max: Double

  /// Summarizes durations; percentiles lie between the two nearest, as `numpy.percentile` has them.
  ///
  /// All are 0 if there are no durations.
  public init(_ durations: [Duration]) {
    let sorted = durations.map(\.milliseconds).sorted()
    func percentile(_ fraction: Double) -> Double {
      guard let last = sorted.indices.last else { return 0 }
      let position = fraction * Double(last)
      let (lower, upper) = (Int(position.rounded(.down)), Int(position.rounded(.up)))
      return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
    }
    min = sorted.first ?? 0
    median = percentile(0.5)
    mean = sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count)
    p90 = percentile(0.9)
    p99 = percentile(0.99)
    max = sorted.last ?? 0
  }
}

extension Duration {
  /// The duration as a number of milliseconds.
  public var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
  }
}
