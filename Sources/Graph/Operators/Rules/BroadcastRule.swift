extension NodeContext {
  /// The shape that inputs broadcast to; nil if the rank of one is not known.
  ///
  /// Shapes are aligned at their last dimensions; sizes of 1 stretch. ONNX, docs/Broadcasting.md.
  ///
  /// - Throws: a shape mismatch naming the first input that does not fit those before it.
  package func broadcastShape(of inputs: some Sequence<Int>) throws(GraphError) -> Shape? {
    var result: Shape? = []
    for index in inputs where hasInput(index) {
      guard let shape = try shape(index), let known = result else {
        result = nil
        continue
      }
      result = try broadcast(known, shape, input: "\(index)")
    }
    return result
  }

  /// The shape that two shapes broadcast to.
  package func broadcast(_ a: Shape, _ b: Shape, input: String) throws(GraphError) -> Shape {
    let rank = max(a.rank, b.rank)
    var dimensions: [Dimension] = []
    for axis in 0..<rank {
      let x = axis < rank - a.rank ? 1 : a[axis - (rank - a.rank)]
      let y = axis < rank - b.rank ? 1 : b[axis - (rank - b.rank)]
      guard let dimension = x.broadcast(with: y) else {
        throw .shapeMismatch(node: name, input: input, expected: "one that broadcasts with \(a)", found: "\(b)")
      }
      dimensions.append(dimension)
    }
    return Shape(dimensions)
  }
}

extension Dimension {
  /// The size that two sizes broadcast to; nil if they are known and do not fit.
  package func broadcast(with other: Dimension) -> Dimension? {
    switch (self, other) {
    case (.known(1), let size), (let size, .known(1)): size
    case (.known(let a), .known(let b)): a == b ? self : nil
    case (.known, _): self
    case (_, .known): other
    case (.symbol(let a), .symbol(let b)) where a == b: self
    default: .unknown
    }
  }

  /// What is known of a size that two sources agree on; nil if they contradict each other.
  package func merged(with other: Dimension) -> Dimension? {
    switch (self, other) {
    case (.known(let a), .known(let b)): a == b ? self : nil
    case (.known, _): self
    case (_, .known): other
    case (.symbol, _): self
    default: other
    }
  }
}

extension Shape {
  /// A shape of this rank with no size known.
  package init(unknownOfRank rank: Int) { self.init([Dimension](repeating: .unknown, count: rank)) }
}
