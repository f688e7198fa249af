/// What an operator is: its name, its versions, its attributes, and the rule that gives the types of its outputs.
///
/// Schemas are grouped by family: `Elementwise.swift`, `Convolution.swift`, … Each family's array stands on top of its file,
/// and `OperatorRegistry.standard` lists the families. ONNX, "Operator Schemas", docs/Operators.md.
public struct OperatorSchema: Sendable {
  /// The rule: from a node and what is known of its inputs to the types of its outputs.
  public typealias Inference = @Sendable (NodeContext) throws(GraphError) -> [ValueType]

  /// The operator's name, such as `Conv`.
  public let name: String
  /// Its domain; empty for ONNX's own.
  public let domain: String
  /// Versions of the operator set in which its definition changed, ascending.
  public let versions: [Int]
  /// How many inputs it takes, optional ones included.
  public let inputs: ClosedRange<Int>
  /// How many outputs it gives, optional ones included.
  public let outputs: ClosedRange<Int>
  /// Attributes it knows, in any version.
  public let attributes: Set<String>
  /// Types and shapes of the outputs.
  public let infer: Inference

  /// Describes an operator.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - domain: its domain; empty for ONNX's own.
  ///   - versions: where the definition changed, ascending; a node of an older operator set is unsupported.
  ///   - inputs: how many it may have.
  ///   - outputs: how many it may have.
  ///   - attributes: names of all attributes, of all versions; a node with another is at fault.
  ///   - infer: gives one type for each output that the operator could have; the caller takes as many as the node lists.
  public init(
    _ name: String, domain: String = "", versions: [Int], inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1,
    attributes: Set<String> = [], infer: @escaping Inference
  ) {
    self.name = name
    self.domain = domain
    self.versions = versions
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.infer = infer
  }
}

/// The operators that are known, by domain and name.
public struct OperatorRegistry: Sendable {
  private let schemas: [String: OperatorSchema]
  /// The newest version of each domain's operator set in which one of its operators changed.
  private let newest: [String: Int]

  /// Collects schemas; of two with one name the later counts.
  public init(_ schemas: [OperatorSchema]) {
    self.schemas = Dictionary(schemas.map { (Self.key($0.domain, $0.name), $0) }, uniquingKeysWith: { _, last in last })
    newest = Dictionary(schemas.map { ($0.domain, $0.versions.last ?? 0) }, uniquingKeysWith: max)
  }

  private static func key(_ domain: String, _ name: String) -> String { "\(domain):\(name)" }

  /// All that are known, by name.
  public var all: [OperatorSchema] { schemas.values.sorted { ($0.domain, $0.name) < ($1.domain, $1.name) } }

  /// The schema of an operator.
  ///
  /// - Throws: `GraphError.unsupported` if the operator is not known, older than its first known version, or of an operator
  ///   set newer than all that are known, in which it could mean something else.
  public func schema(for op: OperatorID, node: String) throws(GraphError) -> OperatorSchema {
    guard let schema = schemas[Self.key(op.domain, op.name)] else {
      throw .unsupported(node: node, operator: op, reason: "no such operator is built in")
    }
    guard let first = schema.versions.first, op.version >= first else {
      throw .unsupported(
        node: node, operator: op, reason: "the oldest supported version is \(schema.versions.first ?? 0)")
    }
    guard let last = newest[op.domain], op.version <= last else {
      throw .unsupported(
        node: node, operator: op, reason: "the newest supported operator set is \(newest[op.domain] ?? 0)")
    }
    return schema
  }
}
