extension OperatorSchema {
  /// Operators that run graphs.
  static let control: [OperatorSchema] = [
    OperatorSchema(
      "If", versions: [1, 11, 13, 16, 19, 21, 23, 24, 25], inputs: 1...1, outputs: 1...Int.max,
      attributes: ["then_branch", "else_branch"], infer: branch),
    OperatorSchema(
      "Loop", versions: [1, 11, 13, 16, 19, 21, 23, 24, 25], inputs: 0...Int.max, outputs: 0...Int.max,
      attributes: ["body"], infer: loop),
    OperatorSchema(
      "Scan", versions: [8, 9, 11, 16, 19, 21, 23, 24, 25], inputs: 0...Int.max, outputs: 1...Int.max,
      attributes: [
        "body", "directions", "num_scan_inputs", "scan_input_axes", "scan_input_directions", "scan_output_axes",
        "scan_output_directions",
      ], infer: scan),
    OperatorSchema(
      "SequenceMap", versions: [17], inputs: 1...Int.max, outputs: 1...Int.max, attributes: ["body"], infer: map),
  ]

  private static func branch(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    _ = try context.dataType(0, in: [.bool])
    let first = try context.body("then_branch", inputs: 0), second = try context.body("else_branch", inputs: 0)
    if let condition = context.constant(0)?.integers?.first {
      return try context.known(try context.inferSubgraph(condition != 0 ? first : second, []))
    }
    let types = zip(try context.inferSubgraph(first, []), try context.inferSubgraph(second, []))
    return try context.known(types.map { $0?.merged(with: $1) ?? $1 })
  }

  private static func loop(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let stateCount = max(context.inputCount - 2, 0)
    let body = try context.body("body", inputs: 2 + stateCount)
    let outputs = try context.inferStates(
      of: body, leading: [.tensor(.int64, []), .tensor(.bool, [])],
      states: (0..<stateCount).map { context.inputTypes[$0 + 2] }, others: [], firstState: 1)
    guard outputs.count > stateCount else {
      throw context.bodyError("\(stateCount + 1) outputs or more", outputs.count)
    }
    var types: [ValueType?] = Array(outputs.dropFirst().prefix(stateCount))
    for output in outputs.dropFirst(stateCount + 1) { types.append(output?.stacked(at: 0, size: .unknown)) }
    return try context.known(types)
  }

  private static func scan(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let layout = try context.scanLayout()
    let body = try context.body("body", inputs: layout.stateCount + layout.scanCount)
    var (inputs, length) = ([ValueType?](), Dimension.unknown)
    for place in 0..<layout.scanCount {
      let type = try context.type(layout.firstInput + layout.stateCount + place)
      let axis = try type.shape.map { shape throws(GraphError) in
        try context.axis(layout.inputAxis(place), rank: shape.rank, attribute: "scan_input_axes")
      }
      if let size = axis.flatMap({ type.shape?[$0] }), length == .unknown { length = size }
      inputs.append(type.without(axis: axis, batch: layout.isBatched))
    }
    let states = (0..<layout.stateCount).map { place in
      context.inputTypes[layout.firstInput + place]?.without(axis: nil, batch: layout.isBatched)
    }
    let outputs = try context.inferStates(of: body, leading: [], states: states, others: inputs, firstState: 0)
    guard outputs.count >= layout.stateCount else {
      throw context.bodyError("\(layout.stateCount) outputs", outputs.count)
    }
    let batch = layout.isBatched ? try context.shape(layout.firstInput)?[0] ?? .unknown : .unknown
    var types: [ValueType?] = []
    for (place, output) in outputs.enumerated() {
      var type = output
      if place >= layout.stateCount {
        type = type?.stacked(at: layout.outputAxis(place - layout.stateCount), size: length)
      }
      if layout.isBatched {
        if layout.outputAxis(place) > 0 { type = output?.stacked(at: 0, size: length) }
        type = type?.stacked(at: 0, size: batch)
      }
      types.append(type)
    }
    return try context.known(types)
  }

  private static func map(_ context: NodeContext) throws(GraphError) -> [ValueType] {
    let types = context.inputTypes.map { type in
      if case .sequence(let element)? = type { element } else { type }
    }
    return try context.known(try context.inferSubgraph(try context.body("body", inputs: types.count), types))
      .map(ValueType.sequence)
  }
}

/// Which inputs of a `Scan` are states, which are scanned, and how.
package struct ScanLayout: Sendable {
  /// Where the states start: behind the lengths in version 8.
  package let firstInput: Int
  /// The number of states.
  package let stateCount: Int
  /// The number of scanned inputs.
  package let scanCount: Int
  /// Whether all inputs have a batch dimension in front: version 8.
  package let isBatched: Bool
  let inputAxes: [Int]
  let inputDirections: [Int]
  let outputAxes: [Int]
  let outputDirections: [Int]

  /// The axis along which an input is scanned, as written.
  package func inputAxis(_ place: Int) -> Int { isBatched ? 1 : place < inputAxes.count ? inputAxes[place] : 0 }
  /// The axis along which outputs of the body are stacked, as written; without the batch.
  package func outputAxis(_ place: Int) -> Int { place < outputAxes.count ? outputAxes[place] : 0 }
  /// Whether an input is scanned from its end.
  package func isReversed(input place: Int) -> Bool { place < inputDirections.count && inputDirections[place] == 1 }
  /// Whether outputs are stacked from the end.
  package func isReversed(output place: Int) -> Bool { place < outputDirections.count && outputDirections[place] == 1 }
}

extension NodeContext {
  /// Reads how a `Scan` is laid out.
  package func scanLayout() throws(GraphError) -> ScanLayout {
    let isBatched = version < 9
    let first = isBatched ? 1 : 0
    let count = try int("num_scan_inputs")
    guard count >= 1, count <= inputCount - first else {
      throw .invalidAttribute(
        node: name, attribute: "num_scan_inputs", expected: "1 to \(inputCount - first)", found: "\(count)")
    }
    return ScanLayout(
      firstInput: first, stateCount: inputCount - first - count, scanCount: count, isBatched: isBatched,
      inputAxes: try ints("scan_input_axes") ?? [],
      inputDirections: try ints(isBatched ? "directions" : "scan_input_directions") ?? [],
      outputAxes: try ints("scan_output_axes") ?? [],
      outputDirections: try ints("scan_output_directions") ?? [])
  }

  /// The types of all outputs, each of which must be known.
  fileprivate func known(_ types: [ValueType?]) throws(GraphError) -> [ValueType] {
    var result: [ValueType] = []
    for type in types {
      guard let type else { throw .invalidGraph(node: name, what: "the type of an output of its body is not known") }
      result.append(type)
    }
    return result
  }

  /// A graph that takes this many inputs.
  fileprivate func body(_ key: String, inputs count: Int) throws(GraphError) -> Subgraph {
    let graph = try graph(key)
    guard graph.body.inputs.count == count else {
      throw .invalidAttribute(
        node: name, attribute: key, expected: "a graph of \(count) inputs", found: "\(graph.body.inputs.count)")
    }
    return graph
  }

  fileprivate func bodyError(_ expected: String, _ found: Int) -> GraphError {
    .invalidAttribute(node: name, attribute: "body", expected: expected, found: "\(found) outputs")
  }

  /// The types of a body's outputs when it runs any number of times, each time with the states that it gave before.
  ///
  /// Sizes of states that change from run to run become unknown.
  fileprivate func inferStates(
    of body: Subgraph, leading: [ValueType?], states: [ValueType?], others: [ValueType?], firstState: Int
  ) throws(GraphError) -> [ValueType?] {
    var states = states
    // Each round makes sizes, then ranks unknown; two rounds reach a fixed point but for exotic bodies.
    for _ in 0..<3 {
      var outputs = try inferSubgraph(body, leading + states + others)
      guard outputs.count >= firstState + states.count else { return outputs }
      let merged = zip(states, outputs.dropFirst(firstState)).map { $0?.merged(with: $1) ?? $1 }
      for (place, type) in merged.enumerated() { outputs[firstState + place] = type }
      if merged == states { return outputs }
      states = merged
    }
    states = states.map { $0?.dataType.map { .tensor($0, nil) } ?? $0 }
    return try inferSubgraph(body, leading + states + others)
  }
}

extension ValueType {
  /// What is known of a value that is of either type.
  package func merged(with other: ValueType?) -> ValueType {
    guard case .tensor(let type, let shape) = self, case .tensor(_, let otherShape)? = other else { return self }
    guard let shape, let otherShape, shape.rank == otherShape.rank else { return .tensor(type, nil) }
    return .tensor(type, Shape(zip(shape.dimensions, otherShape.dimensions).map { $0 == $1 ? $0 : .unknown }))
  }

  /// The type of several values of this type, stacked along a new axis; counted from the end if negative.
  fileprivate func stacked(at axis: Int, size: Dimension) -> ValueType {
    guard case .tensor(let type, let shape?) = self else { return self }
    var dimensions = shape.dimensions
    dimensions.insert(size, at: min(max(axis < 0 ? axis + shape.rank + 1 : axis, 0), shape.rank))
    return .tensor(type, Shape(dimensions))
  }

  /// The type of a slice along an axis, and along the batch if there is one.
  fileprivate func without(axis: Int?, batch: Bool) -> ValueType {
    guard case .tensor(let type, let shape?) = self else { return self }
    return .tensor(
      type, Shape(shape.dimensions.indices.filter { $0 != axis && !(batch && $0 == 0) }.map { shape[$0] }))
  }
}
