import Foundation

/// What was measured to choose a layer's kernel.
public struct LayerMeasurement: Codable, Sendable, Equatable {
  /// How long the layer takes by one of its kernels.
  public struct Timing: Codable, Sendable, Equatable {
    /// The kernel's name, such as `winograd4`.
    public let kernel: String
    /// The shortest time of a run.
    public let microseconds: Double

    /// A kernel and its time.
    package init(kernel: String, microseconds: Double) {
      self.kernel = kernel
      self.microseconds = microseconds
    }
  }

  /// The layer's sizes, such as `1x64x56x56 to 128, 3x3, pads 1x1 1x1`.
  public let shape: String
  /// The kernel that arithmetic alone would choose.
  public let preferred: String
  /// The candidates, the fastest first.
  public let timings: [Timing]
}

extension LayerMeasurement: CustomStringConvertible {
  /// The candidates with their microseconds, such as `winograd4 153.2, positionsInLanes 240.7`.
  public var description: String {
    timings.map { "\($0.kernel) \(String(format: "%.1f", $0.microseconds))" }.joined(separator: ", ")
  }
}
