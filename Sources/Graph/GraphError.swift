/// What can be wrong with a model: its file, its graph, or the shapes that flow through it.
public enum GraphError: Error, Equatable, Sendable {
  /// The file cannot be opened or read.
  case unreadable(file: String, reason: String)
  /// The file is not what ONNX defines.
  case malformed(file: String, what: String)
  /// The file cannot be written.
  case unwritable(file: String, reason: String)
  /// An operator that is not built in, or not in this version, domain or element type.
  case unsupported(node: String, operator: OperatorID, reason: String)
  /// A node reads the elements of a constant that is there only in the form in which other nodes use it.
  case absentConstant(node: String, value: String)
  /// A node misses an input that its operator demands.
  case missingInput(node: String, input: String)
  /// A value is read before anything writes it.
  case undefinedValue(node: String, value: String)
  /// Two writers of one value, a cycle, a wrong number of inputs, and the like.
  case invalidGraph(node: String, what: String)
  /// An attribute is missing, or has a wrong kind or value.
  case invalidAttribute(node: String, attribute: String, expected: String, found: String)
  /// An input holds something that its operator cannot take, such as an index beyond the data.
  case invalidValue(node: String, input: String, expected: String, found: String)
  /// A result, or what a node needs to compute it, would take more memory than the machine has.
  case tooLarge(node: String, byteCount: Int)
  /// An input has the wrong element type.
  case typeMismatch(node: String, input: String, expected: String, found: String)
  /// An input has the wrong shape.
  case shapeMismatch(node: String, input: String, expected: String, found: String)
}

extension GraphError: CustomStringConvertible {
  /// Where, what, and the mend.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot read: \(reason)"
    case .malformed(let file, let what): "\(file): not a valid ONNX model: \(what)"
    case .unwritable(let file, let reason): "\(file): cannot write: \(reason)"
    case .unsupported(let node, let op, let reason):
      "node '\(node)': operator \(op) is unsupported: \(reason)"
    case .absentConstant(let node, let value):
      "node '\(node)': reads the elements of '\(value)', which the plan file holds only as other shapes of the inputs need them: compile the model for these shapes too"
    case .missingInput(let node, let input): "node '\(node)': required input '\(input)' is missing"
    case .undefinedValue(let node, let value): "node '\(node)': reads value '\(value)', which nothing writes"
    case .invalidGraph(let node, let what): "node '\(node)': \(what)"
    case .invalidAttribute(let node, let attribute, let expected, let found):
      "node '\(node)', attribute '\(attribute)': expected \(expected), found \(found)"
    case .invalidValue(let node, let input, let expected, let found):
      "node '\(node)', input '\(input)': expected \(expected), found \(found)"
    case .tooLarge(let node, let byteCount):
      "node '\(node)': needs \(byteCount) bytes of memory, more than this machine has: make its inputs smaller"
    case .typeMismatch(let node, let input, let expected, let found):
      "node '\(node)', input '\(input)': expected \(expected), found \(found)"
    case .shapeMismatch(let node, let input, let expected, let found):
      "node '\(node)', input '\(input)': expected shape \(expected), found \(found)"
    }
  }
}
