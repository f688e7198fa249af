extension OperatorSchema {
  /// Transforms to frequencies, and the windows and weights that go with them.
  static let signal: [OperatorSchema] = [
    OperatorSchema("DFT", versions: [17, 20], inputs: 1...3, attributes: ["axis", "inverse", "onesided"]) {
      node throws(GraphError) in
      [.tensor(try node.dataType(0, in: .floats), try node.transformShape())]
    },
    OperatorSchema("STFT", versions: [17], inputs: 2...4, attributes: ["onesided"]) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [2])
      return [.tensor(type, try node.shortTimeTransformShape())]
    },
    OperatorSchema("MelWeightMatrix", versions: [17], inputs: 5...5, attributes: ["output_datatype"]) {
      node throws(GraphError) in
      for index in 0...2 { _ = try node.dataType(index, in: .indices) }
      for index in 3...4 { _ = try node.dataType(index, in: .floats) }
      let type = try node.dataType("output_datatype", default: .float32)
      let bins: Dimension = try node.integers(0)?.first.map(Dimension.known) ?? .unknown
      let length = try node.integers(1)?.first
      return [.tensor(type, [length.map { .known($0 / 2 + 1) } ?? .unknown, bins])]
    },
    window("HannWindow"), window("HammingWindow"), window("BlackmanWindow"),
  ]

  private static func window(_ name: String) -> OperatorSchema {
    OperatorSchema(name, versions: [17], inputs: 1...1, attributes: ["output_datatype", "periodic"]) {
      node throws(GraphError) in
      _ = try node.dataType(0, in: .indices)
      let size = try node.dimensions(0)?.first ?? .unknown
      return [.tensor(try node.dataType("output_datatype", default: .float32), [size])]
    }
  }
}

extension NodeContext {
  /// The axis that `DFT` transforms, counted from the front; nil if only running tells.
  package func transformAxis(rank: Int) throws(GraphError) -> Int? {
    if version < 20 { return try checkTransformAxis(axis(try int("axis", default: 1), rank: rank), rank) }
    guard hasInput(2) else { return try checkTransformAxis(axis(-2, rank: rank), rank) }
    guard let given = try integers(2)?.first else { return nil }
    return try checkTransformAxis(axis(given, rank: rank), rank)
  }

  private func checkTransformAxis(_ axis: Int, _ rank: Int) throws(GraphError) -> Int {
    guard axis < rank - 1 else {
      throw invalid("axis", expected: "an axis before the last, which holds real and imaginary parts", found: axis)
    }
    return axis
  }

  /// The length of the transform, given the size of the axis; nil if only running tells.
  package func transformLength(size: Int?) throws(GraphError) -> Int? {
    if hasInput(1) {
      guard let given = try integers(1)?.first else { return nil }
      guard (1...Int(Int32.max)).contains(given) else {
        throw .invalidValue(node: name, input: "1", expected: "a positive length", found: "\(given)")
      }
      return given
    }
    let (inverse, oneSided) = (try bool("inverse", default: false), try bool("onesided", default: false))
    return size.map { inverse && oneSided ? 2 * ($0 - 1) : $0 }
  }

  fileprivate func transformShape() throws(GraphError) -> Shape? {
    guard let x = try shape(0) else { return nil }
    guard x.rank >= 2, x[x.rank - 1].size.map({ $0 == 1 || $0 == 2 }) ?? true else {
      throw .shapeMismatch(node: name, input: "0", expected: "a last size of 1 or 2", found: "\(x)")
    }
    var result = x
    guard let axis = try transformAxis(rank: x.rank) else { return Shape(unknownOfRank: x.rank) }
    let (inverse, oneSided) = (try bool("inverse", default: false), try bool("onesided", default: false))
    if oneSided, x[x.rank - 1].size == (inverse ? 1 : 2) {
      throw .shapeMismatch(
        node: name, input: "0", expected: "\(inverse ? "complex" : "real") numbers for a one-sided transform",
        found: "\(x)")
    }
    result[x.rank - 1] = inverse && oneSided ? 1 : 2
    let length = try transformLength(size: x[axis].size)
    result[axis] = length.map { .known(oneSided && !inverse ? $0 / 2 + 1 : $0) } ?? .unknown
    return result
  }

  /// Samples in one frame of `STFT`; nil if only running tells.
  package func frameLength() throws(GraphError) -> Int? {
    if hasInput(3) { return try integers(3)?.first }
    if hasInput(2) { return try shape(2, rank: 1)?[0].size }
    throw .missingInput(node: name, input: "3")
  }

  fileprivate func shortTimeTransformShape() throws(GraphError) -> Shape? {
    guard let x = try shape(0) else { return nil }
    guard x.rank == 3 || x.rank == 2 else {
      throw .shapeMismatch(node: name, input: "0", expected: "of rank 3", found: "\(x)")
    }
    let length = try frameLength(), step = try integers(1)?.first
    let oneSided = try bool("onesided", default: true)
    var frames = Dimension.unknown
    if let length, let step, let size = x[1].size {
      guard length > 0, step > 0, length <= size else {
        throw .invalidValue(
          node: name, input: "3", expected: "frames of 1 to \(size) samples, a positive step",
          found: "\(length) samples, step \(step)")
      }
      frames = .known((size - length) / step + 1)
    }
    return [x[0], frames, length.map { .known(oneSided ? $0 / 2 + 1 : $0) } ?? .unknown, 2]
  }
}
