import Graph

extension Evaluation {
  /// The whole numbers of an input as indices of an axis, from the front.
  ///
  /// - Throws: an invalid value if one lies beyond the axis.
  package func indices(_ input: Int, size: Int) throws(GraphError) -> [Int] {
    guard var result = try tensor(input).integers else {
      throw .typeMismatch(node: context.name, input: "\(input)", expected: "integers", found: "\(try tensor(input))")
    }
    for place in result.indices {
      guard (-size..<size).contains(result[place]) else {
        throw invalid(input, expected: "indices from \(-size) to \(size - 1)", found: "\(result[place])")
      }
      if result[place] < 0 { result[place] += size }
    }
    return result
  }

  /// Where in data of a shape each element of a tensor of indices points: at its own place, but for one axis.
  package func elementOffsets(
    of indices: Tensor, in shape: [Int], axis: Int, input: Int
  ) throws(GraphError) -> [Int] {
    let strides = StridedWalk.rowMajorStrides(shape)
    let steps = StridedWalk.rowMajorStrides(indices.shape)
    for other in shape.indices where other != axis && indices.shape[other] > shape[other] {
      throw .shapeMismatch(
        node: context.name, input: "\(input)", expected: "at most \(Shape(shape))", found: "\(indices)")
    }
    guard var offsets = indices.integers else {
      throw .typeMismatch(node: context.name, input: "\(input)", expected: "integers", found: "\(indices)")
    }
    let size = shape[axis]
    for position in offsets.indices {
      var index = offsets[position]
      guard (-size..<size).contains(index) else {
        throw invalid(input, expected: "indices from \(-size) to \(size - 1)", found: "\(index)")
      }
      if index < 0 { index += size }
      var (offset, rest) = (index * strides[axis], position)
      for dimension in shape.indices {
        let place = rest / steps[dimension]
        rest -= place * steps[dimension]
        if dimension != axis { offset += place * strides[dimension] }
      }
      offsets[position] = offset
    }
    return offsets
  }

  /// Where in data of a shape each tuple of indices, the last dimension of a tensor, points.
  ///
  /// - Parameter batch: leading dimensions that data and indices share.
  /// - Returns: the first element and the number of elements that each tuple names.
  package func tupleOffsets(
    of indices: Tensor, in shape: [Int], batch: Int, input: Int
  ) throws(GraphError) -> (offsets: [Int], block: Int) {
    guard let values = indices.integers, let depth = indices.shape.last else {
      throw .typeMismatch(node: context.name, input: "\(input)", expected: "integers", found: "\(indices)")
    }
    let strides = StridedWalk.rowMajorStrides(shape)
    let block = shape[(batch + depth)...].reduce(1, *)
    let batchBlock = shape[batch...].reduce(1, *)
    let count = indices.shape.dropLast().reduce(1, *)
    let perBatch = max(indices.shape.dropLast().dropFirst(batch).reduce(1, *), 1)
    var offsets: [Int] = []
    for tuple in 0..<count {
      var offset = tuple / perBatch * batchBlock
      for axis in 0..<depth {
        let (index, size) = (values[tuple * depth + axis], shape[batch + axis])
        guard (-size..<size).contains(index) else {
          throw invalid(input, expected: "indices from \(-size) to \(size - 1)", found: "\(index)")
        }
        offset += (index < 0 ? index + size : index) * strides[batch + axis]
      }
      offsets.append(offset)
    }
    return (offsets, block)
  }
}

extension Tensor {
  /// Blocks of consecutive elements, one behind the other, as a tensor of a shape that they fill.
  package func gathered(_ offsets: [Int], block: Int, shape: [Int]) throws(GraphError) -> Tensor {
    try dataType.visit(moving: GatherMovement(input: self, offsets: offsets, block: block, shape: shape))
  }

  /// This tensor with blocks of consecutive elements written over, or combined as the attribute `reduction` says.
  package func scattered(
    _ updates: Tensor, to offsets: [Int], block: Int, in node: Evaluation
  ) throws(GraphError) -> Tensor {
    func combined(_ function: some BinaryFunction) throws(GraphError) -> Tensor {
      let (wide, wideUpdates) = (widened(), updates.widened())
      let visitor = ScatterReduction(
        input: wide, updates: wideUpdates, offsets: offsets, block: block, function: function)
      return try wide.dataType.visit(visitor, in: node).narrowed(to: dataType)
    }
    switch try node.context.string("reduction", default: "none") {
    case "none":
      return try dataType.visit(
        moving: ScatterMovement(input: self, updates: updates, offsets: offsets, block: block))
    case "add": return try combined(Sum())
    case "mul": return try combined(Product())
    case "max": return try combined(Maximum())
    case "min": return try combined(Minimum())
    case let other:
      throw .invalidAttribute(
        node: node.context.name, attribute: "reduction", expected: "none, add, mul, max or min", found: other)
    }
  }
}

private struct GatherMovement: MovementVisitor {
  let input: Tensor
  let offsets: [Int]
  let block: Int
  let shape: [Int]

  func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
    try Pattern.borrow(input) { source throws(GraphError) in
      try Pattern.make(input.dataType, shape) { target throws(GraphError) in
        var position = 0
        for offset in offsets {
          for i in 0..<block { target[position + i] = source[offset + i] }
          position += block
        }
      }
    }
  }
}

private struct ScatterMovement: MovementVisitor {
  let input: Tensor
  let updates: Tensor
  let offsets: [Int]
  let block: Int

  func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
    try Pattern.borrow(input) { source throws(GraphError) in
      try Pattern.borrow(updates) { new throws(GraphError) in
        try Pattern.make(input.dataType, input.shape) { target throws(GraphError) in
          for i in target.indices { target[i] = source[i] }
          for (index, offset) in offsets.enumerated() {
            for i in 0..<block { target[offset + i] = new[index * block + i] }
          }
        }
      }
    }
  }
}

private struct ScatterReduction<Function: BinaryFunction>: NumericVisitor {
  let input: Tensor
  let updates: Tensor
  let offsets: [Int]
  let block: Int
  let function: Function

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    try input.borrow(element) { source throws(GraphError) in
      try updates.borrow(element) { new throws(GraphError) in
        Tensor(shape: input.shape, of: element) { target in
          for i in target.indices { target[i] = source[i] }
          for (index, offset) in offsets.enumerated() {
            for i in 0..<block { target[offset + i] = function(target[offset + i], new[index * block + i]) }
          }
        }
      }
    }
  }
}
