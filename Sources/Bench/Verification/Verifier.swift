import Engine
import Foundation
import Graph

/// Runs cases with expected outputs and compares what the engine gives.
///
///     let cases = try VerificationCase.find(in: URL(filePath: "cases"))
///     let report = VerificationReport(cases.map(Verifier().run))
///     print(report.summary)
///
/// The rule is that of ONNX's own runner, `onnx.backend.test.runner`: equal types and shapes, elements within a tolerance.
/// A data set must have a file for each input and output of the model, and no other.
public struct Verifier: Sendable {
  /// How sessions are made.
  public var options: SessionOptions

  /// One thread and all passes unless told otherwise.
  public init(options: SessionOptions = SessionOptions()) { self.options = options }

  /// Runs all data sets of a case, up to the first that does not pass.
  public func run(_ testCase: VerificationCase) -> VerificationResult {
    func result(_ status: VerificationResult.Status, _ detail: String = "") -> VerificationResult {
      VerificationResult(name: testCase.name, status: status, detail: detail)
    }
    do {
      let tolerance = try Tolerance(ofCase: testCase.folder)
      let session = try Session(CompiledModel(Model(contentsOf: testCase.model.path)), options: options)
      let dataSets = testCase.dataSets
      guard !dataSets.isEmpty else {
        throw BenchError.nothingFound(folder: testCase.folder.path, what: "folder test_data_set_0")
      }
      for dataSet in dataSets {
        if let difference = try run(session, on: dataSet, within: tolerance) {
          return result(.fail, "\(dataSet.lastPathComponent): \(difference)")
        }
      }
      return result(.pass)
    } catch let error as GraphError {
      return result(error.isUnsupported ? .unsupported : .error, "\(error)")
    } catch let error as EngineError {
      if case .model(_, let cause) = error, cause.isUnsupported { return result(.unsupported, "\(cause)") }
      return result(.error, "\(error)")
    } catch {
      return result(.error, "\(error)")
    }
  }

  /// Runs one data set.
  ///
  /// - Returns: what is wrong, if something is.
  private func run(_ session: Session, on dataSet: URL, within tolerance: Tolerance) throws -> String? {
    let graph = session.compiled.model.graph
    var inputs: [String: RuntimeValue] = [:]
    let inputFiles = try VerificationCase.files("input", count: graph.inputs.count, in: dataSet)
    let outputFiles = try VerificationCase.files("output", count: graph.outputs.count, in: dataSet)
    for (input, file) in zip(graph.inputs, inputFiles) {
      inputs[graph[input].name] = try RuntimeValue(contentsOf: file, declared: graph[input].type)
    }
    let found = try session.runValues(inputs)
    let outputs = zip(graph.outputs, graph.outputNames)
    for ((output, name), file) in zip(outputs, outputFiles) {
      let expected = try RuntimeValue(contentsOf: file, declared: graph[output].type)
      do throws(Mismatch) {
        try Comparison.check(found[name] ?? .none, against: expected, within: tolerance)
      } catch {
        return "output '\(name)': \(error)"
      }
    }
    return nil
  }
}

extension GraphError {
  /// Whether the model is right but asks for something that is not built in.
  var isUnsupported: Bool {
    if case .unsupported = self { true } else { false }
  }
}
