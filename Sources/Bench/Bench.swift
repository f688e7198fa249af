/// What surrounds a model: its inputs, its measurement, and the proof that its outputs are right.
///
/// | folder | what goes in | what comes out |
/// | --- | --- | --- |
/// | `Verification` | folders with a model, inputs and expected outputs | which of them the engine gets right |
/// | `Presentation` | steps and figures | progress, tables and JSON for people and scripts |
public enum Bench {
  /// The version that `swiftinfer --version` prints.
  public static let version = "0.1.0"
}
