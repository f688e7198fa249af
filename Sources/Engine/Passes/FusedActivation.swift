import Graph

/// An activation that a convolution or a matrix product applies to its result before storing it.
package enum FusedActivation: Hashable, Sendable {
  case none
  case relu
  case clip(min: Float, max: Float)
  case leakyRelu(slope: Float)
  case hardSwish
  case silu
  case sigmoid
  case tanh
  case gelu
  case geluTanh

  /// The activation that a node of the graph is, if it is one of these.
  init?(_ node: Node, in graph: Graph) {
    guard node.op.domain.isEmpty else { return nil }
    switch node.op.name {
    case "Relu": self = .relu
    case "Clip":
      guard let bounds = Self.clipBounds(node, in: graph) else { return nil }
      self = .clip(min: bounds.min, max: bounds.max)
    case "LeakyRelu": self = .leakyRelu(slope: node.float("alpha") ?? 0.01)
    case "HardSwish": self = .hardSwish
    case "Swish" where (node.float("alpha") ?? 1) == 1: self = .silu
    case "Sigmoid": self = .sigmoid
    case "Tanh": self = .tanh
    case "Gelu": self = node.string("approximate") == "tanh" ? .geluTanh : .gelu
    default: return nil
    }
  }

  private static func clipBounds(_ node: Node, in graph: Graph) -> (min: Float, max: Float)? {
    let lowest = -Float.greatestFiniteMagnitude
    let highest = Float.greatestFiniteMagnitude
    guard node.op.version >= 11 else { return (node.float("min") ?? lowest, node.float("max") ?? highest) }
    func bound(_ index: Int, default value: Float) -> Float? {
      guard index < node.inputs.count, let input = node.inputs[index] else { return value }
      return graph.scalar(input)
    }
    guard let min = bound(1, default: lowest), let max = bound(2, default: highest) else { return nil }
    return (min, max)
  }

  /// The attributes under which fused operators keep it.
  var attributes: [String: Attribute] {
    switch self {
    case .none: [:]
    case .relu: ["activation": .string("Relu")]
    case .clip(let min, let max):
      ["activation": .string("Clip"), "activation_alpha": .float(min), "activation_beta": .float(max)]
    case .leakyRelu(let slope): ["activation": .string("LeakyRelu"), "activation_alpha": .float(slope)]
    case .hardSwish: ["activation": .string("HardSwish")]
    case .silu: ["activation": .string("Silu")]
    case .sigmoid: ["activation": .string("Sigmoid")]
    case .tanh: ["activation": .string("Tanh")]
    case .gelu: ["activation": .string("Gelu")]
    case .geluTanh: ["activation": .string("GeluTanh")]
    }
  }

  /// Reads the attributes of a fused operator.
  package init(of context: NodeContext) throws(GraphError) {
    let alpha = try context.float("activation_alpha", default: 0)
    let beta = try context.float("activation_beta", default: 0)
    switch try context.string("activation", default: "") {
    case "": self = .none
    case "Relu": self = .relu
    case "Clip": self = .clip(min: alpha, max: beta)
    case "LeakyRelu": self = .leakyRelu(slope: alpha)
    case "HardSwish": self = .hardSwish
    case "Silu": self = .silu
    case "Sigmoid": self = .sigmoid
    case "Tanh": self = .tanh
    case "Gelu": self = .gelu
    case "GeluTanh": self = .geluTanh
    case let other:
      throw .invalidAttribute(
        node: context.name, attribute: "activation", expected: "the name of an activation", found: other)
    }
  }
}
