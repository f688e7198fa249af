/// Which elements of an axis a slice takes: as in Python, indices from the end are negative and bounds are clamped.
package struct SliceRange: Equatable, Sendable {
  /// The first element, if `count` is not 0.
  package let start: Int
  /// From one element to the next; may be negative.
  package let step: Int
  /// The number of elements.
  package let count: Int

  /// Resolves the bounds of a slice of an axis of a known size; nil if the step is 0.
  package init?(start: Int, end: Int, step: Int, size: Int) {
    guard step != 0 else { return nil }
    func absolute(_ index: Int) -> Int { index < 0 ? index + size : index }
    let stride = max(step, -Int.max)
    if stride > 0 {
      let first = min(max(absolute(start), 0), size)
      let last = min(max(absolute(end), 0), size)
      self.start = first
      count = last > first ? (last - first - 1) / stride + 1 : 0
    } else {
      let first = min(max(absolute(start), -1), size - 1)
      let last = min(max(absolute(end), -1), size - 1)
      self.start = max(first, 0)
      count = first > last ? (first - last - 1) / -stride + 1 : 0
    }
    self.step = stride
  }
}

/// The slices of a node, as written.
package struct SliceBounds: Sendable {
  /// First index of each axis.
  package let starts: [Int]
  /// Index behind the last of each axis.
  package let ends: [Int]
  /// The axes, from the front.
  package let axes: [Int]
  /// The steps.
  package let steps: [Int]
}

extension NodeContext {
  /// What a `Slice` takes; nil if only running tells.
  package func sliceBounds(rank: Int) throws(GraphError) -> SliceBounds? {
    let isAttribute = version < 10
    for index in 1..<5 where !isAttribute && hasInput(index) && constant(index) == nil { return nil }
    guard let starts = isAttribute ? try ints("starts") : try integers(1),
      let ends = isAttribute ? try ints("ends") : try integers(2)
    else { throw .missingInput(node: name, input: "starts") }
    let axes = (isAttribute ? try ints("axes") : try integers(3)) ?? Array(starts.indices)
    let steps = (isAttribute ? nil : try integers(4)) ?? starts.map { _ in 1 }
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw .invalidValue(
        node: name, input: "ends", expected: "\(starts.count) bounds, axes and steps",
        found: "\(ends.count), \(axes.count) and \(steps.count)")
    }
    guard !steps.contains(0) else {
      throw .invalidValue(node: name, input: "steps", expected: "steps other than 0", found: "\(steps)")
    }
    return SliceBounds(starts: starts, ends: ends, axes: try normalized(axes, rank: rank), steps: steps)
  }
}
