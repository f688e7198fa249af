extension OperatorSchema {
  /// Operators that optimization passes put in the place of several: domain `swiftinfer`.
  static let fused: [OperatorSchema] = [
    OperatorSchema(
      "FusedConv", domain: OperatorID.internalDomain, versions: [1], inputs: 2...4,
      attributes: windowAttributes.union(["group"]).union(activationAttributes)
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3])
      try node.checkActivation()
      let shape = try node.convolutionShape(weights: 1, bias: 2)
      if node.hasInput(3), let shape { try node.expect(3, try node.shape(3), shape) }
      return [.tensor(type, shape)]
    },
    OperatorSchema(
      "FusedMatMul", domain: OperatorID.internalDomain, versions: [1], inputs: 2...4,
      attributes: activationAttributes.union(["alpha", "transA", "transB"])
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
    OperatorSchema(
      "FusedAttention", domain: OperatorID.internalDomain, versions: [1], inputs: 3...4,
      attributes: ["layout", "output_layout", "scale"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3])
      return [.tensor(type, try node.fusedAttentionShape())]
    },
    OperatorSchema(
      "SkipLayerNorm", domain: OperatorID.internalDomain, versions: [1], inputs: 3...4, outputs: 1...2,
      attributes: ["epsilon"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3])
      guard let x = try node.shape(0) else { return [.tensor(type, nil), .tensor(type, nil)] }
      guard x.rank >= 1 else {
        throw .shapeMismatch(node: node.name, input: "0", expected: "of rank 1 or more", found: "\(x)")
      }
      try node.expectBroadcast(1, to: x)
      for index in 2...3 { try node.expectVector(index, size: x[x.rank - 1]) }
      return [.tensor(type, x), .tensor(type, x)]
    },
  ]

  private static let activationAttributes: Set<String> = ["activation", "activation_alpha", "activation_beta"]
}

/// What a fused operator applies to its sums: attribute `activation`, with its parameters.
package enum FusedActivation: Hashable, Sendable {
  /// Nothing.
  case none
  /// max(x, 0).
  case relu
  /// Clamps to a range.
  case clip(min: Float, max: Float)
  /// x, or alpha * x below 0.
  case leakyRelu(alpha: Float)
  /// x * clamp(x / 6 + 1/2, 0, 1).
  case hardSwish
  /// x / (1 + exp(-x)).
  case silu
  /// 1 / (1 + exp(-x)).
  case sigmoid
  /// Hyperbolic tangent.
  case tanh
  /// x times the normal distribution's function, exactly.
  case gelu
  /// The same, approximated through a hyperbolic tangent.
  case geluTanh
}

extension NodeContext {
  /// The activation of a fused operator.
  package func fusedActivation() throws(GraphError) -> FusedActivation {
    let name = try string("activation", default: "")
    switch name {
    case "": return .none
    case "Relu": return .relu
    case "Clip":
      return .clip(
        min: try float("activation_alpha", default: -.infinity), max: try float("activation_beta", default: .infinity))
    case "LeakyRelu": return .leakyRelu(alpha: try float("activation_alpha", default: 0.01))
    case "HardSwish": return .hardSwish
    case "Silu": return .silu
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case "Gelu": return .gelu
    case "GeluTanh": return .geluTanh
    default: throw invalid("activation", expected: "an activation that kernels apply", found: name)
    }
  }

  fileprivate func checkActivation() throws(GraphError) { _ = try fusedActivation() }

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
