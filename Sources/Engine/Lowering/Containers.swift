import Graph

extension Lowering {
  /// Sequences and optional values.
  static let containers: [Lowering] = [
    Lowering("SequenceConstruct") { node throws(GraphError) in
      var tensors: [Tensor] = []
      for index in node.inputs.indices { tensors.append(try node.tensor(index)) }
      return [.sequence(tensors, of: tensors[0].dataType)]
    },
    Lowering("SequenceEmpty") { node throws(GraphError) in
      [.sequence([], of: try node.context.dataType("dtype", default: .float32))]
    },
    Lowering("SequenceAt") { node throws(GraphError) in
      let (tensors, _) = try node.sequence(0)
      return [.tensor(tensors[try node.place(1, count: tensors.count)])]
    },
    Lowering("SequenceErase") { node throws(GraphError) in
      var (tensors, type) = try node.sequence(0)
      let place = node.context.hasInput(1) ? try node.place(1, count: tensors.count) : tensors.count - 1
      guard place >= 0 else { throw node.invalid(0, expected: "a sequence with elements", found: "an empty one") }
      tensors.remove(at: place)
      return [.sequence(tensors, of: type)]
    },
    Lowering("SequenceInsert") { node throws(GraphError) in
      var (tensors, type) = try node.sequence(0)
      let place = node.context.hasInput(2) ? try node.place(2, count: tensors.count, inclusive: true) : tensors.count
      tensors.insert(try node.tensor(1), at: place)
      return [.sequence(tensors, of: type)]
    },
    Lowering("SequenceLength") { node throws(GraphError) in
      [.tensor(Tensor(scalar: Int64(try node.sequence(0).tensors.count)))]
    },
    Lowering("SplitToSequence", evaluate: splitToSequence),
    Lowering("ConcatFromSequence", evaluate: concatFromSequence),
    Lowering("Optional") { node throws(GraphError) in
      guard case let value? = node.inputs.first, let value else { return [.none] }
      return [value]
    },
    Lowering("OptionalHasElement") { node throws(GraphError) in
      let isThere =
        if case let value? = node.inputs.first, let value, case .none = value { false } else {
          node.context.hasInput(0)
        }
      return [.tensor(Tensor(scalar: Bool8(isThere)))]
    },
    Lowering("OptionalGetElement") { node throws(GraphError) in
      guard case let value? = node.inputs.first, let value else { return [.none] }
      if case .none = value { throw node.invalid(0, expected: "an optional that holds something", found: "nothing") }
      return [value]
    },
  ]

  private static func splitToSequence(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
    let size = input.shape[axis]
    guard let split = try node.optionalTensor(1) else {
      var parts = try input.parts(of: [Int](repeating: 1, count: size), axis: axis)
      if try !node.context.bool("keepdims", default: true) {
        var shape = input.shape
        shape.remove(at: axis)
        parts = parts.map { $0.reshaped(shape) }
      }
      return [.sequence(parts, of: input.dataType)]
    }
    var sizes = split.integers ?? []
    if split.shape.isEmpty {
      guard let part = sizes.first, part > 0 else { throw node.invalid(1, expected: "a size", found: "\(sizes)") }
      sizes = stride(from: 0, to: size, by: part).map { min(part, size - $0) }
    }
    guard sizes.allSatisfy({ (0...size).contains($0) }), sizes.reduce(0, +) == size else {
      throw node.invalid(1, expected: "sizes that add up to \(size)", found: "\(sizes)")
    }
    return [.sequence(try input.parts(of: sizes, axis: axis), of: input.dataType)]
  }

  private static func concatFromSequence(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let (tensors, _) = try node.sequence(0)
    guard let first = tensors.first else {
      throw node.invalid(0, expected: "a sequence with elements", found: "an empty one")
    }
    let written = try node.context.int("axis")
    if try node.context.bool("new_axis", default: false) {
      return [.tensor(try node.stacked(tensors, axis: written, declared: nil))]
    }
    let axis = try node.context.axis(written, rank: first.shape.count)
    for tensor in tensors {
      var shape = tensor.shape
      if shape.count == first.shape.count { shape[axis] = first.shape[axis] }
      guard shape == first.shape else {
        throw .shapeMismatch(node: node.context.name, input: "0", expected: "\(first)", found: "\(tensor)")
      }
    }
    return [.tensor(try .concatenated(tensors, axis: axis, in: node))]
  }
}

extension Evaluation {
  /// A sequence that must be given.
  fileprivate func sequence(_ index: Int) throws(GraphError) -> (tensors: [Tensor], type: DataType) {
    guard case .sequence(let tensors, let type)? = inputs[index] else {
      throw .typeMismatch(node: context.name, input: "\(index)", expected: "a sequence", found: "\(context.inputTypes)")
    }
    return (tensors, type)
  }

  /// A position in a sequence, from the front.
  fileprivate func place(_ index: Int, count: Int, inclusive: Bool = false) throws(GraphError) -> Int {
    let written = try tensor(index).integers?.first ?? .max
    guard written >= -count, written < count + (inclusive ? 1 : 0) else {
      throw invalid(
        index, expected: "a position from \(-count) to \(inclusive ? count : count - 1)", found: "\(written)")
    }
    return written < 0 ? written + count : written
  }
}
