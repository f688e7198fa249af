/// What a session says while it measures kernels, to those who asked to be told.
public enum TuningEvent: Sendable, Equatable {
  /// A layer's kernels are measured: the how manyth of how many layers that are not known yet, and its sizes.
  case measuring(layer: Int, of: Int, shape: String)
  /// The measurements are over, for now.
  case finished
  /// Something about the file of measurements, or the time for them, that a user may want to know; nothing depends on it.
  case note(String)

  /// Takes events, on the thread that makes the plan.
  public typealias Handler = @Sendable (TuningEvent) -> Void
}
