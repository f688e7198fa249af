extension OperatorSchema {
  /// Networks that walk along a sequence with a state.
  static let recurrent: [OperatorSchema] = [
    recurrent("RNN", versions: [7, 14, 22], gates: 1, inputs: 3...6, outputs: 0...2),
    recurrent(
      "GRU", versions: [7, 14, 22], gates: 3, inputs: 3...6, outputs: 0...2, attributes: ["linear_before_reset"]),
    recurrent("LSTM", versions: [7, 14, 22], gates: 4, inputs: 3...8, outputs: 0...3, attributes: ["input_forget"]),
  ]

  private static func recurrent(
    _ name: String, versions: [Int], gates: Int, inputs: ClosedRange<Int>, outputs: ClosedRange<Int>,
    attributes: Set<String> = []
  ) -> OperatorSchema {
    let common: Set<String> = [
      "activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout",
    ]
    return OperatorSchema(
      name, versions: versions, inputs: inputs, outputs: outputs, attributes: common.union(attributes)
    ) { node throws(GraphError) in try node.recurrentTypes(gates: gates) }
  }
}

extension NodeContext {
  /// Types of all states and of the last ones.
  ///
  /// X is [steps, batch, input] (batch first if `layout` is 1), W [directions, gates * hidden, input],
  /// R [directions, gates * hidden, hidden].
  fileprivate func recurrentTypes(gates: Int) throws(GraphError) -> [ValueType] {
    let type = try dataType(0, in: .floats)
    try expectType(type, of: [1, 2, 3, 5, 6, 7])
    try expectType(.int32, of: [4])
    let x = try shape(0, rank: 3), w = try shape(1, rank: 3), r = try shape(2, rank: 3)
    let directions = try recurrentDirections()
    let hidden: Dimension = try hasAttribute("hidden_size") ? .known(int("hidden_size")) : r?[2] ?? .unknown
    let batchFirst = try bool("layout", default: false)
    let (steps, batch) = (x?[batchFirst ? 1 : 0] ?? .unknown, x?[batchFirst ? 0 : 1] ?? .unknown)

    let rows = hidden.multiplied(by: .known(gates))
    try expect(1, w, [.known(directions), rows, x?[2] ?? .unknown])
    try expect(2, r, [.known(directions), rows, hidden])
    try expect(3, try optionalShape(3, rank: 2), [.known(directions), rows.multiplied(by: 2)])
    try expect(4, try optionalShape(4, rank: 1), [batch])
    let state: Shape = batchFirst ? [batch, .known(directions), hidden] : [.known(directions), batch, hidden]
    try expect(5, try optionalShape(5, rank: 3), state)
    if gates == 4 {
      try expect(6, try optionalShape(6, rank: 3), state)
      try expect(
        7, try optionalShape(7, rank: 2), [.known(directions), hidden.multiplied(by: 3)])
    }
    let all: Shape =
      batchFirst ? [batch, steps, .known(directions), hidden] : [steps, .known(directions), batch, hidden]
    return [.tensor(type, all), .tensor(type, state), .tensor(type, state)]
  }

  /// 2 if the node runs along the sequence both ways, else 1.
  package func recurrentDirections() throws(GraphError) -> Int {
    let direction = try string("direction", default: "forward")
    switch direction {
    case "forward", "reverse": return 1
    case "bidirectional": return 2
    default: throw invalid("direction", expected: "forward, reverse or bidirectional", found: direction)
    }
  }

  /// The shape of an input, if it is given.
  func optionalShape(_ index: Int, rank: Int) throws(GraphError) -> Shape? {
    hasInput(index) ? try shape(index, rank: rank) : nil
  }

  /// Checks the sizes of a shape where both it and what is expected are known.
  func expect(_ input: Int, _ found: Shape?, _ expected: Shape) throws(GraphError) {
    guard let found else { return }
    let fits =
      found.rank == expected.rank
      && zip(found.dimensions, expected.dimensions).allSatisfy { $0.size == nil || $1.size == nil || $0 == $1 }
    guard fits else {
      throw .shapeMismatch(node: name, input: "\(input)", expected: "\(expected)", found: "\(found)")
    }
  }
}
