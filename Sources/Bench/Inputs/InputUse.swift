import Graph

/// What the integers of an input mean, as its name and its readers tell.
enum InputUse: Equatable {
  /// Numbers of tokens, or other indices into a table of so many rows; nil if no reader tells how many.
  case tokens(rows: Int?)
  /// 1 for what counts, 0 for padding.
  case mask
  /// To which of two texts a token belongs.
  case types
  /// Where a token stands.
  case positions
  /// Anything else.
  case unknown

  /// How exporters of encoders call their inputs.
  static let usualNames: Set = ["input_ids", "attention_mask", "token_type_ids", "position_ids"]
  /// Names of inputs that take tokens even if no table is seen to be read by them.
  private static let namesOfTokens: Set = ["input_ids", "token_ids", "ids", "tokens"]

  init(of input: ValueID, in graph: Graph) {
    let name = graph[input].name.lowercased()
    if name.contains("mask") {
      self = .mask
    } else if name.contains("type") || name.contains("segment") {
      self = .types
    } else if name.contains("position") {
      self = .positions
    } else if let rows = Self.tableRows(readBy: input, in: graph) {
      self = .tokens(rows: rows)
    } else {
      self = Self.namesOfTokens.contains(name) ? .tokens(rows: nil) : .unknown
    }
  }

  /// Whether two inputs mean the same, of tables of any size.
  func isSameKind(as other: InputUse) -> Bool {
    if case (.tokens, .tokens) = (self, other) { true } else { self == other }
  }

  /// Rows of the constant table that a value indexes, directly or through casts and reshapes.
  private static func tableRows(readBy value: ValueID, in graph: Graph) -> Int? {
    var (values, rest) = ([value], 16)
    while let value = values.popLast(), rest > 0 {
      rest -= 1
      for id in graph.consumers(of: value) {
        let node = graph[id]
        if node.op.name == "Gather", node.inputs.count > 1, node.inputs[1] == value, let table = node.inputs[0],
          let shape = graph[table].constant?.shape
        {
          guard case .int(let axis)? = node.attributes["axis"], axis != 0 else { return shape.first }
        } else if ["Cast", "Reshape", "Identity", "Unsqueeze", "Squeeze", "Flatten"].contains(node.op.name) {
          values += node.outputs.compactMap { $0 }
        }
      }
    }
    return nil
  }
}
