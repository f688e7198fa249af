/// A constant that configures a node.
public enum Attribute: Sendable {
  /// A whole number.
  case int(Int)
  /// A real number.
  case float(Float)
  /// A text.
  case string(String)
  /// A constant tensor.
  case tensor(Tensor)
  /// A graph that the node runs, such as a loop's body.
  case graph(Subgraph)
  /// Whole numbers.
  case ints([Int])
  /// Real numbers.
  case floats([Float])
  /// Texts.
  case strings([String])
  /// Constant tensors.
  case tensors([Tensor])
  /// Graphs.
  case graphs([Subgraph])
  /// The type of a value, such as `Optional` takes.
  case type(ValueType)

  /// The name of the kind, for messages.
  public var kind: String {
    switch self {
    case .int: "int"
    case .float: "float"
    case .string: "string"
    case .tensor: "tensor"
    case .graph: "graph"
    case .ints: "ints"
    case .floats: "floats"
    case .strings: "strings"
    case .tensors: "tensors"
    case .graphs: "graphs"
    case .type: "type"
    }
  }

  /// The graphs it holds.
  public var subgraphs: [Subgraph] {
    switch self {
    case .graph(let graph): [graph]
    case .graphs(let graphs): graphs
    default: []
    }
  }
}

/// A graph inside a node, with the values that it takes from the graph around it.
///
/// ONNX captures outer values by name. Here each captured value is an extra input of the body: `captured[i]`, a value of the
/// outer graph, is what `body.captures[i]` is inside.
public struct Subgraph: Sendable {
  /// The graph that runs.
  public var body: Graph
  /// Values of the graph around it, parallel to `body.captures`.
  public var captured: [ValueID]

  /// Pairs a body with the outer values that it captures.
  public init(body: Graph, captured: [ValueID] = []) {
    precondition(body.captures.count == captured.count)
    self.body = body
    self.captured = captured
  }
}
