/// Names a node within its graph; stays valid while the node is in it.
public struct NodeID: Hashable, Sendable {
  /// Position in the graph's storage.
  let index: Int
}

/// Names a value within its graph; stays valid for the graph's life.
public struct ValueID: Hashable, Sendable {
  /// Position in the graph's storage.
  let index: Int
}

/// The name and version of an operator.
public struct OperatorID: Hashable, Sendable, CustomStringConvertible {
  /// Empty for the operators of ONNX itself (written `ai.onnx` too); `swiftinfer` for those that our passes make.
  public var domain: String
  /// The operator's name, such as `Conv`.
  public var name: String
  /// The version of the domain's operator set that the node was written for.
  public var version: Int

  /// Makes an identifier; the default domain is ONNX's own.
  public init(_ name: String, domain: String = "", version: Int) {
    self.domain = domain
    self.name = name
    self.version = version
  }

  /// The domain of operators that optimization passes make.
  public static let internalDomain = "swiftinfer"

  /// Such as `Conv-17` or `com.microsoft.Gelu-1`.
  public var description: String { (domain.isEmpty ? "" : domain + ".") + "\(name)-\(version)" }
}

/// One operation of a graph.
public struct Node: Sendable {
  /// For messages and reports; may be empty, and files give one name to several nodes.
  public var name: String
  /// What it computes.
  public var op: OperatorID
  /// Values it reads; nil where an optional input is left out.
  public var inputs: [ValueID?]
  /// Values it writes; nil where an optional output is not wanted.
  public var outputs: [ValueID?]
  /// Its configuration.
  public var attributes: [String: Attribute]

  /// Makes a node, not yet part of a graph.
  public init(
    _ op: OperatorID, name: String = "", inputs: [ValueID?], outputs: [ValueID?], attributes: [String: Attribute] = [:]
  ) {
    self.name = name
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// All values whose change changes the result, with repeats: inputs in order, then what subgraphs capture, in the order of
  /// the names of the attributes that hold them.
  public var reads: [ValueID] {
    let given = inputs.compactMap { $0 }
    guard hasSubgraphs else { return given }
    return attributes.sorted { $0.key < $1.key }.reduce(into: given) { reads, attribute in
      for graph in attribute.value.subgraphs { reads += graph.captured }
    }
  }

  /// How messages call the node: its name, or its operator.
  public var label: String { name.isEmpty ? op.name : name }

  /// Whether it holds graphs.
  public var hasSubgraphs: Bool { attributes.values.contains { !$0.subgraphs.isEmpty } }

  /// Rewrites every read of a value, in inputs and captures.
  public mutating func replaceReads(_ replacement: (ValueID) -> ValueID) {
    for i in inputs.indices { inputs[i] = inputs[i].map(replacement) }
    for (key, attribute) in attributes where !attribute.subgraphs.isEmpty {
      func replaced(_ graph: Subgraph) -> Subgraph {
        Subgraph(body: graph.body, captured: graph.captured.map(replacement))
      }
      switch attribute {
      case .graph(let graph): attributes[key] = .graph(replaced(graph))
      case .graphs(let graphs): attributes[key] = .graphs(graphs.map(replaced))
      default: break
      }
    }
  }
}
