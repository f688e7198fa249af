/// Why a plan file cannot be used.
public enum PlanFault: Error, Equatable, Sendable {
  /// The model has changed since.
  case stale(model: String, what: String)
  /// It was made for something else than what is here.
  case foreign(what: String, expected: String, found: String)
  /// Its bytes are not those that were written.
  case damaged(String)
}

extension PlanFault: CustomStringConvertible {
  /// Which it is, and how.
  public var description: String {
    switch self {
    case .stale(let model, let what): "stale: \(model) \(what) since the plan was compiled"
    case .foreign(let what, let expected, let found): "foreign: its \(what) is \(found), here it must be \(expected)"
    case .damaged(let what): "damaged: \(what)"
    }
  }
}
