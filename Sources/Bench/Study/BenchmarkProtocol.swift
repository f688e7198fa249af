/// How many requests an experiment has.
public struct BenchmarkProtocol: Codable, Sendable, Equatable {
  /// Requests before the measured ones.
  public var warmup: Int
  /// Different inputs; a smaller set of files is gone through again and again.
  public var inputs: Int
  /// Requests with each input.
  public var repetitions: Int
  /// Seconds that the requests of an experiment may take; 0 for any time.
  ///
  /// If they would take longer, fewer run, in the
  /// same proportion of warm-up and measurement, at least 2 and 5.
  public var budgetSeconds: Double

  private enum CodingKeys: String, CodingKey {
    case warmup, inputs, repetitions
    case budgetSeconds = "budget_s"
  }

  /// The study's: 100 requests to warm up, then 100 inputs five times.
  public static let study = BenchmarkProtocol(warmup: 100, inputs: 100, repetitions: 5, budgetSeconds: 0)
  /// What the default benchmark has time for.
  public static let quick = BenchmarkProtocol(warmup: 20, inputs: 20, repetitions: 5, budgetSeconds: 12)

  /// Sets the numbers.
  public init(warmup: Int, inputs: Int, repetitions: Int, budgetSeconds: Double) {
    self.warmup = warmup
    self.inputs = inputs
    self.repetitions = repetitions
    self.budgetSeconds = budgetSeconds
  }

  /// Requests of an experiment in all.
  public var requestCount: Int { warmup + inputs * repetitions }

  /// The requests that fit into the budget.
  ///
  /// - Parameter seconds: what one request takes.
  package func bounded(requestSeconds seconds: Double) -> (warmup: Int, measured: Int) {
    let measured = inputs * repetitions
    let wanted = seconds * Double(requestCount)
    guard budgetSeconds > 0, wanted > budgetSeconds else { return (warmup, measured) }
    let share = budgetSeconds / wanted
    func scaled(_ count: Int, atLeast least: Int) -> Int { min(count, max(least, Int(Double(count) * share))) }
    return (scaled(warmup, atLeast: 2), scaled(measured, atLeast: 5))
  }
}
