extension OperatorSchema {
  /// Operators that optimization passes put in the place of several: domain `swiftinfer`.
  static let fused: [OperatorSchema] = [
    OperatorSchema(
      "FusedConv", domain: OperatorID.internalDomain, versions: [1], inputs: 2...5,
      attributes: windowAttributes.union(["group"]).union(activationAttributes)
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3, 4])
      try node.checkActivation()
      let shape = try node.convolutionShape(weights: 1, bias: 2)
      if let filters = try node.shape(1) { try node.expectVector(4, size: filters[0]) }
      if node.hasInput(3), let shape { try node.expect(3, try node.shape(3), shape) }
      return [.tensor(type, shape)]
    },
    OperatorSchema(
      "FusedMatMul", domain: OperatorID.internalDomain, versions: [1], inputs: 2...4,
      attributes: activationAttributes.union(["transA", "transB"])
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3])
      try node.checkActivation()
      let shape = try node.matrixProduct(
        0, 1, transA: try node.bool("transA", default: false), transB: try node.bool("transB", default: false))
      if let shape {
        try node.expectVector(2, size: shape.dimensions.last ?? 1)
        if node.hasInput(3) { try node.expect(3, try node.shape(3), shape) }
      }
      return [.tensor(type, shape)]
    },
    // A, then for each output its B and its bias, which may be left out.
    OperatorSchema(
      "FusedProjections", domain: OperatorID.internalDomain, versions: [1], inputs: 2...Int.max, outputs: 2...Int.max,
      attributes: ["transB"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: Array(1..<node.inputCount))
      let transB = try node.bool("transB", default: false)
      var outputs: [ValueType] = []
      for output in node.node.outputs.indices {
        guard node.hasInput(1 + 2 * output) else { throw .missingInput(node: node.name, input: "\(1 + 2 * output)") }
        let shape = try node.matrixProduct(0, 1 + 2 * output, transB: transB)
        if let shape { try node.expectVector(2 + 2 * output, size: shape.dimensions.last ?? 1) }
        outputs.append(.tensor(type, shape))
      }
      return outputs
    },
    OperatorSchema(
      "FusedAttention", domain: OperatorID.internalDomain, versions: [1], inputs: 3...4,
      attributes: ["layout", "output_layout", "scale", "zero_undefined_rows"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3])
      return [.tensor(type, try node.fusedAttentionShape())]
    },
  ]

  private static let activationAttributes: Set<String> = ["activation", "activation_alpha", "activation_beta"]
}

extension NodeContext {
  fileprivate func checkActivation() throws(GraphError) {
    let known: Set = [
      "", "Relu", "Clip", "LeakyRelu", "HardSwish", "Silu", "Sigmoid", "Tanh", "Gelu", "GeluTanh",
    ]
    let name = try string("activation", default: "")
    guard known.contains(name) else {
      throw invalid("activation", expected: "an activation that kernels apply", found: name)
    }
  }

  /// Whether an attribute says `BSHD`, [batch, steps, heads, depth], rather than `BHSD`.
  package func isStepsFirst(_ attribute: String) throws(GraphError) -> Bool {
    let layout = try string(attribute, default: "BHSD")
    guard layout == "BHSD" || layout == "BSHD" else {
      throw invalid(attribute, expected: "BHSD or BSHD", found: layout)
    }
    return layout == "BSHD"
  }

  fileprivate func fusedAttentionShape() throws(GraphError) -> Shape? {
    let stepsFirst = try isStepsFirst("layout"), outputStepsFirst = try isStepsFirst("output_layout")
    let (head, step) = stepsFirst ? (2, 1) : (1, 2)
    guard let q = try shape(0, rank: 4), let k = try shape(1, rank: 4), let v = try shape(2, rank: 4) else {
      return nil
    }
    var expected = q
    expected[step] = k[step]
    try expect(1, k, expected)
    expected[3] = v[3]
    try expect(2, v, expected)
    try expectBroadcast(3, to: [q[0], q[head], q[step], k[step]])
    return outputStepsFirst ? [q[0], q[step], q[head], v[3]] : [q[0], q[head], q[step], v[3]]
  }
}
