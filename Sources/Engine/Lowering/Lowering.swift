import Graph

/// How an operator is computed: in general, and, where it pays, fast.
///
/// Every operator has an `evaluate`: the reference, for all element types and for shapes that only running tells; constants are
/// folded with it too. Operators that models spend time in also have a `lower`, which turns a node whose types are all
/// known into steps of a plan. Lowerings are grouped by family, as schemas are; `LoweringRegistry.standard` lists the families.
public struct Lowering: Sendable {
  /// Computes a node's outputs from its inputs.
  public typealias Evaluate = @Sendable (Evaluation) throws(GraphError) -> [RuntimeValue]
  /// Adds steps that compute a node to a plan; false if the node is none for the fast path.
  package typealias Lower = @Sendable (NodeContext, inout PlanBuilder) throws(GraphError) -> Bool

  /// The operator's name, such as `Conv`.
  public let name: String
  /// Its domain; empty for ONNX's own.
  public let domain: String
  /// Whether equal inputs give equal outputs; such nodes are folded and merged.
  public let isDeterministic: Bool
  /// The reference.
  package let evaluate: Evaluate
  /// The fast path.
  private(set) var lower: Lower?
  /// Which axes keep their indices apart on the way to the outputs, so that hidden tokens may be left out along them; nil if
  /// none is known to, which ends the skipping of padding in a model that leads the tokens through the operator.
  private(set) var flow: AxisFlow.Rule?

  /// Describes an operator by its reference alone, or with a fast path.
  package init(
    _ name: String, domain: String = "", isDeterministic: Bool = true, lower: Lower? = nil,
    evaluate: @escaping Evaluate
  ) {
    self.name = name
    self.domain = domain
    self.isDeterministic = isDeterministic
    self.lower = lower
    self.evaluate = evaluate
  }

  /// The same operator with a fast path.
  func lowered(by lower: @escaping Lower) -> Lowering {
    var lowering = self
    lowering.lower = lower
    return lowering
  }

  /// The same operator with a rule for the axes.
  func flowing(_ flow: AxisFlow.Rule?) -> Lowering {
    var lowering = self
    lowering.flow = flow
    return lowering
  }
}

/// The lowerings that are known, by domain and name.
public struct LoweringRegistry: Sendable {
  private let lowerings: [String: Lowering]

  /// Collects lowerings; of two with one name the later counts.
  public init(_ lowerings: [Lowering]) {
    self.lowerings = Dictionary(lowerings.map { (Self.key($0.domain, $0.name), $0) }, uniquingKeysWith: { $1 })
  }

  private static func key(_ domain: String, _ name: String) -> String { "\(domain):\(name)" }

  /// The rule for the axes of a node's operator.
  func flow(of node: Node) -> AxisFlow.Rule? { lowerings[Self.key(node.op.domain, node.op.name)]?.flow }

  /// The lowering of a node's operator.
  ///
  /// - Throws: `GraphError.unsupported` if there is none.
  package func lowering(for node: Node) throws(GraphError) -> Lowering {
    guard let lowering = lowerings[Self.key(node.op.domain, node.op.name)] else {
      throw .unsupported(node: node.name, operator: node.op, reason: "no such operator is built in")
    }
    return lowering
  }
}
