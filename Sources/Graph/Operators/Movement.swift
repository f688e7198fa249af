extension OperatorSchema {
  /// Operators that move elements by rules that do not depend on data.
  static let movement: [OperatorSchema] = [
    OperatorSchema("Concat", versions: [1, 4, 11, 13], inputs: 1...Int.max, attributes: ["axis"], infer: concat),
    OperatorSchema(
      "Split", versions: [1, 2, 11, 13, 18], inputs: 1...2, outputs: 1...Int.max,
      attributes: ["axis", "split", "num_outputs"], infer: split),
    OperatorSchema(
      "Slice", versions: [1, 10, 11, 13], inputs: 1...5, attributes: ["starts", "ends", "axes"], infer: slice),
    OperatorSchema(
      "Pad", versions: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25], inputs: 1...4,
      attributes: ["mode", "pads", "paddings", "value"], infer: pad),
    OperatorSchema("Tile", versions: [6, 13], inputs: 2...2, infer: tile),
    OperatorSchema("DepthToSpace", versions: [1, 11, 13, 28], inputs: 1...1, attributes: ["blocksize", "mode"]) {
      context throws(GraphError) in
      let block = try context.blockSize()
      return try blocked(context) { channels, side throws(GraphError) in
        (try divide(channels, by: block * block, context), side.multiplied(by: .known(block)))
      }
    },
    OperatorSchema("SpaceToDepth", versions: [1, 13, 28], inputs: 1...1, attributes: ["blocksize", "mode"]) {
      context throws(GraphError) in
      let block = try context.blockSize()
      return try blocked(context) { channels, side throws(GraphError) in
        (channels.multiplied(by: .known(block * block)), try divide(side, by: block, context))
      }
    },
    OperatorSchema("CenterCropPad", versions: [18], inputs: 2...2, attributes: ["axes"], infer: centerCropPad),
    OperatorSchema("Trilu", versions: [14], inputs: 1...2, attributes: ["upper"]) { context throws(GraphError) in
      if let shape = try context.shape(0), shape.rank < 2 {
        throw .shapeMismatch(node: context.name, input: "0", expected: "of rank 2 or more", found: "\(shape)")
      }
      return [try context.type(0)]
    },
    OperatorSchema(
      "ReverseSequence", versions: [10, 28], inputs: 2...2, attributes: ["batch_axis", "time_axis"]
    ) { context throws(GraphError) in
      _ = try context.dataType(1, in: .indices)
      return [try context.type(0)]
    },
    OperatorSchema(
      "Col2Im", versions: [18], inputs: 3...3, attributes: ["dilations", "pads", "strides"], infer: col2Im),
  ]

  private static func concat(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    var result = try context.shape(0)
    for index in 1..<max(context.inputCount, 1) {
      try context.requireSameType(index)
      guard let shape = try context.shape(index), let known = result else {
        result = nil
        continue
      }
      guard shape.rank == known.rank else {
        throw .shapeMismatch(
          node: context.name, input: "\(index)", expected: "of rank \(known.rank)", found: "\(shape)")
      }
      let axis = try context.concatAxis(rank: shape.rank)
      var merged: [Dimension] = []
      for (place, (a, b)) in zip(known.dimensions, shape.dimensions).enumerated() {
        guard let size = place == axis ? a.adding(b) : a.merged(with: b) else {
          throw .shapeMismatch(node: context.name, input: "\(index)", expected: "\(known)", found: "\(shape)")
        }
        merged.append(size)
      }
      result = Shape(merged)
    }
    if let result { _ = try context.concatAxis(rank: result.rank) }
    return [.tensor(type, result)]
  }

  private static func split(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    let count = context.node.outputs.count
    guard let shape = try context.shape(0) else { return [ValueType](repeating: .tensor(type, nil), count: count) }
    let axis = try context.axis(try context.int("axis", default: 0), rank: shape.rank)
    let parts = try context.splitSizes(of: shape[axis]) ?? [Dimension](repeating: .unknown, count: count)
    return parts.map { part in
      var output = shape
      output[axis] = part
      return .tensor(type, output)
    }
  }

  private static func slice(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard var shape = try context.shape(0) else { return [.tensor(type, nil)] }
    guard let bounds = try context.sliceBounds(rank: shape.rank) else {
      return [.tensor(type, Shape(unknownOfRank: shape.rank))]
    }
    for (place, axis) in bounds.axes.enumerated() {
      let (start, end, step) = (bounds.starts[place], bounds.ends[place], bounds.steps[place])
      if let size = shape[axis].size {
        let range = SliceRange(start: start, end: end, step: step, size: size)
        shape[axis] = .known(range?.count ?? 0)
      } else if !(start == 0 && end >= Int(Int32.max) && step == 1) {
        shape[axis] = .unknown
      }
    }
    return [.tensor(type, shape)]
  }

  private static func pad(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
    guard let pads = try context.padAmounts(rank: shape.rank) else {
      return [.tensor(type, Shape(unknownOfRank: shape.rank))]
    }
    let sizes = zip(shape.dimensions, pads).map { dimension, pad in
      dimension.adding(.known(pad.begin &+ pad.end))
    }
    return [.tensor(type, Shape(sizes))]
  }

  private static func tile(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    _ = try context.dataType(1, in: [.int64])
    guard let shape = try context.shape(0) else { return [.tensor(type, nil)] }
    guard let repeats = try context.dimensions(1) else { return [.tensor(type, Shape(unknownOfRank: shape.rank))] }
    guard repeats.count == shape.rank else {
      throw .shapeMismatch(
        node: context.name, input: "repeats", expected: "\(shape.rank)", found: "\(repeats.count)")
    }
    return [.tensor(type, Shape(zip(shape.dimensions, repeats).map { $0.multiplied(by: $1) }))]
  }

  private static func blocked(
    _ context: NodeContext,
    _ sizes: (_ channels: Dimension, _ side: Dimension) throws(GraphError) -> (channels: Dimension, side: Dimension)
  ) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    guard let shape = try context.shape(0, rank: 4) else { return [.tensor(type, Shape(unknownOfRank: 4))] }
    let height = try sizes(shape[1], shape[2])
    let width = try sizes(shape[1], shape[3])
    return [.tensor(type, Shape([shape[0], height.channels, height.side, width.side]))]
  }

  private static func divide(
    _ dimension: Dimension, by divisor: Int, _ context: NodeContext
  ) throws(GraphError) -> Dimension {
    guard let size = dimension.size else { return .unknown }
    guard size % divisor == 0 else {
      throw .shapeMismatch(node: context.name, input: "0", expected: "a multiple of \(divisor)", found: "\(size)")
    }
    return .known(size / divisor)
  }

  private static func centerCropPad(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    _ = try context.dataType(1, in: .indices)
    guard var shape = try context.shape(0) else { return [.tensor(type, nil)] }
    let axes = try context.normalized(try context.ints("axes") ?? Array(0..<shape.rank), rank: shape.rank)
    let target = try context.dimensions(1)
    if let target, target.count != axes.count {
      throw .shapeMismatch(node: context.name, input: "1", expected: "\(axes.count)", found: "\(target.count)")
    }
    for (place, axis) in axes.enumerated() { shape[axis] = target?[place] ?? .unknown }
    return [.tensor(type, shape)]
  }

  private static func col2Im(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let type = try context.dataType(0)
    let input = try context.shape(0, rank: 3)
    let image = try context.dimensions(1)
    let blockSizes = try context.integers(2)
    let rank = image?.count ?? blockSizes?.count
    guard let rank else { return [.tensor(type, nil)] }
    var channels = Dimension.unknown
    if let size = input?[1].size, let block = blockSizes.flatMap({ Shape($0).count }) {
      guard block > 0, size % block == 0 else {
        throw .shapeMismatch(
          node: context.name, input: "0", expected: "multiples of \(block) channels", found: "\(size)")
      }
      channels = .known(size / block)
    }
    let sides = image ?? [Dimension](repeating: .unknown, count: rank)
    return [.tensor(type, Shape([input?[0] ?? .unknown, channels] + sides))]
  }
}

extension NodeContext {
  /// The axis of `Concat`, from the front; 1 by default before version 4.
  package func concatAxis(rank: Int) throws(GraphError) -> Int {
    try axis(try version < 4 ? int("axis", default: 1) : int("axis"), rank: rank)
  }

  /// The side of the square that `DepthToSpace` and `SpaceToDepth` move.
  package func blockSize() throws(GraphError) -> Int {
    let block = try int("blocksize")
    guard (1...(1 << 15)).contains(block) else {
      throw .invalidAttribute(node: name, attribute: "blocksize", expected: "1 to 32768", found: "\(block)")
    }
    return block
  }

  /// The sizes that `Split` cuts an axis into; nil if only running tells.
  package func splitSizes(of dimension: Dimension) throws(GraphError) -> [Dimension]? {
    let count = node.outputs.count
    let given: [Int]?
    if version < 13 {
      given = try ints("split")
    } else if hasInput(1) {
      guard let known = try integers(1) else { return nil }
      given = known
    } else {
      given = nil
    }
    if let given {
      let total = given.map(Dimension.known).reduce(Dimension.known(0)) { $0.adding($1) }
      let fits = dimension.size.map { total == .known($0) } ?? true
      guard given.count >= count, given.allSatisfy({ $0 >= 0 }), fits else {
        throw .invalidValue(
          node: name, input: "split", expected: "\(count) sizes that add up to \(dimension)", found: "\(given)")
      }
      return given.map(Dimension.known)
    }
    let parts = try hasAttribute("num_outputs") ? int("num_outputs") : count
    guard parts >= count, parts <= 1 << 20 else {
      throw .invalidAttribute(node: name, attribute: "num_outputs", expected: "\(count)", found: "\(parts)")
    }
    guard let size = dimension.size else { return nil }
    let part = (size + parts - 1) / parts
    return (0..<parts).map { .known(max(0, min(part, size - $0 * part))) }
  }

  /// What `Pad` adds before and behind each axis; nil if only running tells.
  package func padAmounts(rank: Int) throws(GraphError) -> [(begin: Int, end: Int)]? {
    let isAttribute = version < 11
    if !isAttribute && (constant(1) == nil || (hasInput(3) && constant(3) == nil)) { return nil }
    let written = isAttribute ? try ints(version < 2 ? "paddings" : "pads") : try integers(1)
    guard let written else { throw .missingInput(node: name, input: "pads") }
    let axes = try normalized((isAttribute ? nil : try integers(3)) ?? Array(0..<rank), rank: rank)
    guard written.count == 2 * axes.count, written.allSatisfy({ (-(1 << 48)...(1 << 48)).contains($0) }) else {
      throw .invalidValue(node: name, input: "pads", expected: "\(2 * axes.count) amounts", found: "\(written)")
    }
    var result = [(begin: Int, end: Int)](repeating: (0, 0), count: rank)
    for (place, axis) in axes.enumerated() { result[axis] = (written[place], written[place + axes.count]) }
    return result
  }
}
