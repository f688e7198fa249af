extension NodeContext {
  /// Axes that are an attribute in old versions and an input in newer ones.
  package enum Axes: Equatable, Sendable {
    /// Neither is given, or the input is left out.
    case absent
    /// Known axes, as written.
    case known([Int])
    /// An input whose contents only running tells; their number may be known.
    case unknown(count: Int?)
  }

  /// Reads `axes`.
  ///
  /// - Parameters:
  ///   - input: where the input stands.
  ///   - version: the version in which the attribute became an input.
  package func axes(input: Int, sinceVersion version: Int, attribute: String = "axes") throws(GraphError) -> Axes {
    if self.version < version || hasAttribute(attribute) {
      return try ints(attribute).map(Axes.known) ?? .absent
    }
    guard hasInput(input) else { return .absent }
    if let known = try integers(input) { return .known(known) }
    return .unknown(count: try shape(input, rank: 1)?[0].size)
  }

  /// Axes counted from the front, each once, in the order given.
  package func normalized(
    _ axes: [Int], rank: Int, attribute: String = "axes"
  ) throws(GraphError) -> [Int] {
    var result: [Int] = []
    for axis in axes {
      let absolute = try self.axis(axis, rank: rank, attribute: attribute)
      guard !result.contains(absolute) else {
        throw .invalidAttribute(node: name, attribute: attribute, expected: "axes that differ", found: "\(axes)")
      }
      result.append(absolute)
    }
    return result
  }

  /// A tensor of the first input's type and shape: the rule of all functions of one element.
  package func sameAsInput(_ index: Int = 0, in allowed: Set<DataType>) throws(GraphError) -> [ValueType] {
    _ = try dataType(index, in: allowed)
    return [try type(index)]
  }

  /// Checks that an input has the same element type as another.
  package func requireSameType(_ index: Int, as other: Int = 0) throws(GraphError) {
    guard hasInput(index) else { return }
    let (expected, found) = (try dataType(other), try dataType(index))
    guard expected == found else {
      throw .typeMismatch(node: name, input: "\(index)", expected: "\(expected)", found: "\(found)")
    }
  }
}
