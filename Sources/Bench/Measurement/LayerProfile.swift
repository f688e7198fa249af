import Engine

/// The time of one step of a plan over several requests.
public struct LayerProfile: Encodable, Sendable {
  /// The node, or the last of those fused into the step.
  public let node: String
  /// The operator, and what was fused with it.
  public let operation: String
  /// The kernel.
  public let kernel: String
  /// Type and shape of the first output.
  public let output: String
  /// Median over the requests.
  public let milliseconds: Double
  /// Part of the sum of all steps, 0…1.
  public let share: Double
  /// Multiply-accumulate operations a second, in billions; 0 for steps that have none.
  public let gigaMACs: Double

  private enum CodingKeys: String, CodingKey {
    case node, operation, kernel, output, share
    case milliseconds = "median_ms"
    case gigaMACs = "gmac_per_s"
  }

  /// Times the steps over some requests.
  static func measure(_ session: Session, _ inputs: [String: RuntimeValue], runs: Int) throws -> [LayerProfile] {
    let profiles = try (0..<max(runs, 1)).map { _ in try session.profile(inputs) }
    guard let steps = profiles.first else { return [] }
    let medians = steps.indices.map { step in
      LatencySummary(profiles.compactMap { step < $0.count ? $0[step].duration : nil }).median
    }
    let sum = medians.reduce(0, +)
    return zip(steps, medians).map { step, median in
      LayerProfile(
        node: step.node, operation: step.operation, kernel: step.kernel, output: step.output?.description ?? "",
        milliseconds: median, share: sum > 0 ? median / sum : 0,
        gigaMACs: median > 0 ? Double(step.macs) / median / 1e6 : 0)
    }
  }

  /// One line for each step, in their order, and the sum.
  static func table(_ layers: [LayerProfile]) -> TextTable {
    var rows = layers.enumerated().map { index, layer in
      [
        "\(index)", layer.node, layer.operation, layer.kernel, layer.output, Figures.decimals(layer.milliseconds, 3),
        Figures.decimals(100 * layer.share, 1), layer.gigaMACs > 0 ? Figures.decimals(layer.gigaMACs, 1) : "",
      ]
    }
    rows.append(["", "all", "", "", "", Figures.decimals(layers.reduce(0) { $0 + $1.milliseconds }, 3), "100.0", ""])
    return TextTable(
      ["step", "node", "operation", "kernel", "output", "ms", "%", "GMAC/s"], alignedRight: [0, 5, 6, 7], rows: rows)
  }
}
