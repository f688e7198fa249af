import Graph
import Kernels

/// What can go wrong between a model and its results.
public enum EngineError: Error, Equatable, Sendable {
  /// The model itself is at fault, or a value in it at run time.
  case model(source: String, GraphError)
  /// The instruction set that was asked for is unknown or cannot run here.
  case kernels(KernelError)
  /// An input that the model needs was not given.
  case missingInput(model: String, input: String, known: [String])
  /// An input was given that the model does not have.
  case unknownInput(model: String, input: String, known: [String])
  /// An output was asked for that the model does not have.
  case unknownOutput(model: String, output: String, known: [String])
  /// An output was asked for as elements of another type than it has, or has no shape that is known before the model runs.
  case outputMismatch(model: String, output: String, expected: String, found: String)
  /// An output was asked for before a run, or after one that failed.
  case noResult(model: String, output: String)
  /// A choice about a session is none that it can have.
  case invalidOption(option: String, expected: String, found: String)
  /// A plan file cannot be used here.
  case plan(file: String, PlanFault)
  /// An input has another type or shape than the model takes.
  case inputMismatch(model: String, input: String, expected: String, found: String)
}

extension EngineError: CustomStringConvertible {
  /// Where, what, and the mend.
  public var description: String {
    switch self {
    case .model(let source, .unreadable(let file, let reason)) where source == file:
      GraphError.unreadable(file: file, reason: reason).description
    case .model(let source, .malformed(let file, let what)) where source == file:
      GraphError.malformed(file: file, what: what).description
    case .model(let source, let error): "\(source): \(error)"
    case .kernels(let error): "\(error)"
    case .missingInput(let model, let input, let known):
      "\(model): input '\(input)' is missing; the model takes \(known.joined(separator: ", "))"
    case .unknownInput(let model, let input, let known):
      "\(model): there is no input '\(input)'; the model takes \(known.joined(separator: ", "))"
    case .unknownOutput(let model, let output, let known):
      "\(model): there is no output '\(output)'; the model gives \(known.joined(separator: ", "))"
    case .outputMismatch(let model, let output, let expected, let found):
      "\(model): output '\(output)': expected \(expected), found \(found)"
    case .noResult(let model, let output):
      "\(model): output '\(output)' has no value before a run that succeeds"
    case .invalidOption(let option, let expected, let found):
      "option '\(option)': expected \(expected), found \(found)"
    case .plan(let file, let fault): "\(file): \(fault); compile the model anew (swiftinfer compile MODEL -o \(file))"
    case .inputMismatch(let model, let input, let expected, let found):
      "\(model): input '\(input)': expected \(expected), found \(found)"
    }
  }
}
