/// How a computed value differs from the expected one.
public enum Mismatch: Error, Equatable, Sendable {
  /// Tensor, sequence or nothing: one was expected, another found.
  case kind(expected: String, found: String)
  /// The element types or the shapes differ.
  case type(expected: String, found: String)
  /// A sequence has another length.
  case length(expected: Int, found: Int)
  /// Elements lie too far off; the worst is named by its index in each dimension.
  case elements(worst: [Int], expected: String, found: String, wrong: Int, of: Int)
  /// An element of a sequence differs.
  indirect case element(index: Int, Mismatch)
}

extension Mismatch: CustomStringConvertible {
  /// What was expected and what was found.
  public var description: String {
    switch self {
    case .kind(let expected, let found), .type(let expected, let found): "expected \(expected), found \(found)"
    case .length(let expected, let found): "expected a sequence of \(expected), found one of \(found)"
    case .elements(let worst, let expected, let found, let wrong, let count):
      "\(wrong) of \(count) elements differ, worst [\(worst.map(String.init).joined(separator: ", "))]: "
        + "expected \(expected), found \(found)"
    case .element(let index, let mismatch): "element \(index): \(mismatch)"
    }
  }
}
