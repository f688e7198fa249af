extension NodeContext {
  /// The shape that `Reshape` gives.
  ///
  /// A 0 copies the size of the input, one -1 takes what is left.
  ///
  /// - Parameters:
  ///   - input: the shape of the data; nil if its rank is not known.
  ///   - target: the shape asked for.
  package func reshaped(
    _ input: Shape?, to target: [Dimension], allowsZero: Bool
  ) throws(GraphError) -> Shape {
    var dimensions: [Dimension] = []
    var inferred: Int?
    for (index, dimension) in target.enumerated() {
      switch dimension {
      case .known(0) where !allowsZero:
        if let input, index >= input.rank { throw reshapeError(input, target) }
        dimensions.append(input?[index] ?? .unknown)
      case .known(-1):
        guard inferred == nil else { throw reshapeError(input, target) }
        inferred = index
        dimensions.append(.unknown)
      case .known(let size) where size < 0: throw reshapeError(input, target)
      default: dimensions.append(dimension)
      }
    }
    if let inferred, let input { dimensions[inferred] = try left(of: input, by: dimensions, at: inferred, target) }
    let result = Shape(dimensions)
    if let count = result.count, let inputCount = input?.count, count != inputCount {
      throw reshapeError(input, target)
    }
    return result
  }

  /// What is left of the input's sizes for the dimension that is not given.
  private func left(
    of input: Shape, by dimensions: [Dimension], at index: Int, _ target: [Dimension]
  ) throws(GraphError) -> Dimension {
    var given = dimensions
    given.remove(at: index)
    var rest = input.dimensions
    // Symbols, and sizes copied from symbols, cancel out.
    for dimension in given where dimension.size == nil {
      guard dimension != .unknown, let match = rest.firstIndex(of: dimension) else { return .unknown }
      rest.remove(at: match)
    }
    let unknowns = rest.filter { $0.size == nil }
    guard let divisor = Shape(given.filter { $0.size != nil }).count,
      let dividend = Shape(rest.filter { $0.size != nil }).count
    else { return .unknown }
    if unknowns.isEmpty {
      guard divisor != 0 ? dividend % divisor == 0 : dividend == 0 else { throw reshapeError(input, target) }
      return .known(divisor == 0 ? 0 : dividend / divisor)
    }
    return unknowns.count == 1 && dividend == divisor && divisor > 0 ? unknowns[0] : .unknown
  }

  private func reshapeError(_ input: Shape?, _ target: [Dimension]) -> GraphError {
    .shapeMismatch(
      node: name, input: "data", expected: "one that reshapes to \(Shape(target))",
      found: input.map { "\($0)" } ?? "unknown")
  }
}

extension Dimension {
  /// The sum of two sizes.
  package func adding(_ other: Dimension) -> Dimension {
    if other == 0 { return self }
    if self == 0 { return other }
    guard let a = size, let b = other.size else { return .unknown }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .unknown : .known(sum)
  }

  /// The product of two sizes.
  package func multiplied(by other: Dimension) -> Dimension {
    if other == 1 { return self }
    if self == 1 { return other }
    guard let a = size, let b = other.size else { return .unknown }
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .unknown : .known(product)
  }
}
