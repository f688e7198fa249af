/// What surrounds a model: its inputs, its measurement, and the proof that its outputs are right.
///
/// | folder | what goes in | what comes out |
/// | --- | --- | --- |
/// | `Models` | a user's text | a model: an ONNX file's, or one of the zoo |
/// | `Files`, `Tensors`, `Images`, `Text` | `.npy` and `.pb` files, JPEG and PNG images, texts | tensors; and tensors as `.npy` |
/// | `Inputs` | a model, and what a user gave | a value for each of its inputs; made-up ones where nothing was given |
/// | `Outputs` | what a model computed | the most probable classes, ranges, files |
/// | `Inspection` | a model | what it is made of, and how much it computes |
/// | `Verification` | folders with a model, inputs and expected outputs | which of them the engine gets right |
/// | `Measurement` | a model | latency, memory, the time of each layer |
/// | `Study` | models, operators, real inputs | the parts of a request's latency, a process for each experiment |
/// | `Presentation` | steps and figures | progress and tables for people |
public enum Bench {
  /// The version that `swiftinfer --version` prints.
  public static let version = "0.1.0"
}
