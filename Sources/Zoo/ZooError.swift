import Graph

/// What can be wrong with a request for a model of the zoo.
public enum ZooError: Error, Equatable, Sendable {
  /// No model has this name.
  case unknownModel(name: String)
  /// A size that the model cannot have.
  case invalidSize(model: ZooModel, dimension: String, expected: String, found: Int)
}

extension ZooError: CustomStringConvertible {
  /// What is wrong, and what would be right.
  public var description: String {
    switch self {
    case .unknownModel(let name):
      "no model of the zoo is named '\(name)'; known are \(ZooModel.allCases.map(\.name).joined(separator: ", "))"
    case .invalidSize(let model, let dimension, let expected, let found):
      "model '\(model.name)', \(dimension): expected \(expected), found \(found)"
    }
  }
}
