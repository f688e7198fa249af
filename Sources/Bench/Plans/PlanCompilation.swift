import Engine
import Graph

/// Makes a plan file of a model: what `swiftinfer compile` does.
public struct PlanCompilation: Sendable {
  /// The model.
  public let model: ModelReference
  private let shapes: [String]
  private let options: SessionOptions
  private let tuning: TuningEvent.Handler

  /// Describes a compilation.
  ///
  /// - Parameters:
  ///   - model: an ONNX file.
  ///   - shapes: sizes of inputs, as `NAME=1x3x224x224`; an input that is named again begins a further set of sizes.
  ///   - options: the kernels and how they are chosen.
  ///   - tuning: is told how far measurements of kernels are.
  public init(
    model: ModelReference, shapes: [String] = [], options: SessionOptions = SessionOptions(),
    tuning: @escaping TuningEvent.Handler = { _ in }
  ) {
    (self.model, self.shapes, self.options, self.tuning) = (model, shapes, options, tuning)
  }

  /// Writes the plan file.
  ///
  /// - Returns: its bytes.
  /// - Throws: errors of the model, its shapes, or the file.
  @discardableResult
  public func write(to path: String) throws -> Int {
    let compiled = try model.compiled()
    let graph = compiled.model.graph
    let sets = try Self.sets(of: shapes).map { SyntheticInputs(shapes: $0) }
    let sizes = try sets.map { try $0.sizes(of: graph) }
    try sets[0].explaining(graph) {
      let summary = try ModelSummary(of: compiled.model, reference: model, shapes: sizes[0])
      try compiled.writePlan(
        to: path, shapes: sizes, options: options, metadata: try summary.metadata, tuning: tuning)
    }
    return FileStatus(path: path)?.byteCount ?? 0
  }

  /// Sets of sizes: the first, second … of each input; an input with fewer than others keeps its last.
  package static func sets(of texts: [String]) throws(BenchError) -> [[String: [Int]]] {
    var given: [String: [[Int]]] = [:]
    for text in texts {
      for (name, sizes) in try ModelInputs.shapes([text]) { given[name, default: []].append(sizes) }
    }
    let count = given.values.map(\.count).max() ?? 1
    return (0..<count).map { index in given.mapValues { $0[min(index, $0.count - 1)] } }
  }
}
