extension OperatorSchema {
  /// Operators of ONNX Runtime's domain `com.microsoft` that optimized exports hold.
  ///
  /// ONNX Runtime, docs/ContribOperators.md.
  static let contributed: [OperatorSchema] = [
    gated("Gelu", inputs: 1...1), gated("FastGelu", inputs: 1...2), gated("BiasGelu", inputs: 2...2),
    gated("QuickGelu", inputs: 1...1, attributes: ["alpha"]),
    OperatorSchema(
      "FusedMatMul", domain: domain, versions: [1], inputs: 2...2,
      attributes: ["alpha", "transA", "transB", "transBatchA", "transBatchB"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1])
      for key in ["transBatchA", "transBatchB"] where try node.int(key, default: 0) != 0 {
        throw .unsupported(node: node.name, operator: node.node.op, reason: "\(key) is built in for 0 only")
      }
      let transA = try node.bool("transA", default: false), transB = try node.bool("transB", default: false)
      return [.tensor(type, try node.matrixProduct(0, 1, transA: transA, transB: transB))]
    },
    OperatorSchema(
      "SkipLayerNormalization", domain: domain, versions: [1], inputs: 3...5, outputs: 1...4, attributes: ["epsilon"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3, 4])
      guard let x = try node.shape(0) else {
        return [.tensor(type, nil), .tensor(.float32, nil), .tensor(.float32, nil), .tensor(type, nil)]
      }
      guard x.rank >= 1 else {
        throw .shapeMismatch(node: node.name, input: "0", expected: "of rank 1 or more", found: "\(x)")
      }
      try node.expectBroadcast(1, to: x)
      for index in 2...4 { try node.expectVector(index, size: x[x.rank - 1]) }
      let reduced = Shape(x.dimensions.dropLast() + [1])
      return [.tensor(type, x), .tensor(.float32, reduced), .tensor(.float32, reduced), .tensor(type, x)]
    },
  ]

  private static let domain = "com.microsoft"

  /// An activation, with a bias along the last axis if a second input is given.
  private static func gated(
    _ name: String, inputs: ClosedRange<Int>, attributes: Set<String> = []
  ) -> OperatorSchema {
    OperatorSchema(name, domain: domain, versions: [1], inputs: inputs, attributes: attributes) {
      node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1])
      let x = try node.shape(0)
      if let x { try node.expectBroadcast(1, to: x) }
      return [.tensor(type, x)]
    }
  }
}
