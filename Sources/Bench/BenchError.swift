import Engine

/// What can go wrong around a model: its inputs, its files, its measurement.
public enum BenchError: Error, Equatable, Sendable {
  /// A file or folder cannot be opened or read.
  case unreadable(file: String, reason: String)
  /// A file is not what its ending says.
  case malformed(file: String, what: String)
  /// A file cannot be written.
  case unwritable(file: String, reason: String)
  /// A folder has none of what is looked for.
  case nothingFound(folder: String, what: String)
  /// An argument does not fit the model or another argument.
  case unusable(argument: String, reason: String)
  /// A model does not run with the sizes that were assumed for inputs of open sizes.
  case unsuitedSizes(EngineError, assumed: [String])
  /// A process that did a part of the work ended early.
  case failed(what: String)
}

extension BenchError: CustomStringConvertible {
  /// Where, what, and the mend.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot read: \(reason)"
    case .malformed(let file, let what): "\(file): \(what)"
    case .unwritable(let file, let reason): "\(file): cannot write: \(reason)"
    case .nothingFound(let folder, let what): "\(folder): no \(what) found"
    case .unusable(let argument, let reason): "\(argument): \(reason)"
    case .unsuitedSizes(let error, let assumed):
      "\(error); the model leaves sizes of inputs open, assumed were \(assumed.joined(separator: ", ")): give others by --shape"
    case .failed(let what): what
    }
  }
}
