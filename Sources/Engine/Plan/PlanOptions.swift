/// What a user may choose about a plan.
public struct PlanOptions: Sendable, Hashable, Codable {
  /// How a layer's kernel is chosen among those that compute it.
  public enum Tuning: String, Sendable, Hashable, Codable, CaseIterable {
    /// By arithmetic, at once.
    case off
    /// By short measurements on this machine, seconds for a large model the first time.
    case fast
    /// By thorough ones, 18 seconds for a large model the first time.
    case full
  }

  /// Whether passes rewrite the graph; without, each node becomes a step of its own, which helps to find a fault.
  public var optimize: Bool
  /// Whether convolutions may be computed by Winograd's and Strassen's algorithms, and products with constant matrices by
  /// Strassen's, which are faster and round more; without, they are sums of products as the definition says.
  public var winograd: Bool

  /// Whether kernels are chosen by measuring them.
  ///
  /// Measurements are kept in a file for each processor, in `SessionOptions.cacheFolder`: a layer is measured once, and plans that know all their layers are made at once.
  public var tuning: Tuning

  /// Whether tokens that a mask hides at the end of all texts of a request are left out where that changes no output; the
  /// order of sums may differ.
  ///
  /// Recognized in optimized graphs only; see `Plan.paddingMask`.
  public var skipPadding: Bool

  /// All rewriting, all algorithms, no measurements, no work for padding by default.
  public init(optimize: Bool = true, winograd: Bool = true, tuning: Tuning = .off, skipPadding: Bool = true) {
    self.optimize = optimize
    self.winograd = winograd
    self.tuning = tuning
    self.skipPadding = skipPadding
  }
}
