import Graph

/// The elements, or the slices along an axis, without repeats.
enum Unique {
  /// Equal slices: where each first stands, which one each slice is, how often each occurs.
  struct Groups {
    var first: [Int] = []
    var inverse: [Int] = []
    var counts: [Int] = []
  }

  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    var input = try node.tensor(0)
    if !node.context.hasAttribute("axis") { input = input.reshaped([input.count]) }
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
    let rowLength = input.shape.indices.filter { $0 != axis }.reduce(1) { $0 * input.shape[$1] }
    let rows = try input.withTrailing(input.shape.indices.filter { $0 != axis })
    var groups: Groups
    if let strings = rows.strings {
      groups = Self.groups(strings, count: input.shape[axis], rowLength: rowLength)
    } else {
      let comparable = (rows.dataType == .bool ? rows.converted(to: .uint8) : nil) ?? rows.widened()
      let visitor = Visitor(rows: comparable, count: input.shape[axis], rowLength: rowLength)
      groups = try comparable.dataType.visit(visitor, in: node)
    }
    if try !node.context.bool("sorted", default: true) { groups = inOrderOfAppearance(groups) }
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    var shape = input.shape
    shape[axis] = groups.first.count
    var offsets: [Int] = []
    for outer in 0..<input.shape[..<axis].reduce(1, *) {
      offsets += groups.first.map { (outer * input.shape[axis] + $0) * inner }
    }
    let output = try input.gathered(offsets, block: inner, shape: shape)
    let places = [groups.first, groups.inverse, groups.counts].map { list in
      RuntimeValue.tensor(Tensor(shape: [list.count], list.map(Int64.init)))
    }
    return [.tensor(output)] + places
  }

  private struct Visitor: NumericVisitor {
    let rows: Tensor
    let count: Int
    let rowLength: Int

    func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Groups {
      groups(try rows.array(element), count: count, rowLength: rowLength)
    }
  }

  private static func groups<Element: Comparable>(_ elements: [Element], count: Int, rowLength: Int) -> Groups {
    func precedes(_ i: Int, _ j: Int) -> Bool? {
      for k in 0..<rowLength {
        let (a, b) = (elements[i * rowLength + k], elements[j * rowLength + k])
        if a < b { return true }
        if b < a { return false }
      }
      return nil
    }
    let order = (0..<count).sorted { precedes($0, $1) ?? ($0 < $1) }
    var groups = Groups(inverse: [Int](repeating: 0, count: count))
    for (position, row) in order.enumerated() {
      if position == 0 || precedes(order[position - 1], row) != nil {
        groups.first.append(row)
        groups.counts.append(0)
      }
      groups.counts[groups.counts.count - 1] += 1
      groups.inverse[row] = groups.first.count - 1
    }
    return groups
  }

  private static func inOrderOfAppearance(_ groups: Groups) -> Groups {
    let order = groups.first.indices.sorted { groups.first[$0] < groups.first[$1] }
    var rank = order
    for (position, group) in order.enumerated() { rank[group] = position }
    return Groups(
      first: order.map { groups.first[$0] }, inverse: groups.inverse.map { rank[$0] },
      counts: order.map { groups.counts[$0] })
  }
}
