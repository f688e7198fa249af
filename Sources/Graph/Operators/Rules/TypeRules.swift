extension Set<DataType> {
  /// Whole numbers of 8 bits.
  package static let bytes: Self = [.int8, .uint8]
}

extension NodeContext {
  /// Checks that these inputs, those of them that are given, have this element type.
  func expectType(_ expected: DataType, of indices: [Int]) throws(GraphError) {
    for index in indices where hasInput(index) {
      let found = try dataType(index)
      guard found == expected else {
        throw .typeMismatch(node: name, input: "\(index)", expected: "\(expected)", found: "\(found)")
      }
    }
  }

  /// An error about an attribute's value.
  func invalid(_ attribute: String, expected: String, found: some Any) -> GraphError {
    .invalidAttribute(node: name, attribute: attribute, expected: expected, found: "\(found)")
  }
}
