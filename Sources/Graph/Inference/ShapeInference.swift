import Synchronization

/// Finds the types of all values of a graph from those of its inputs.
///
/// One walk over the nodes in their order. Each node's schema gives the types of its outputs; where a node's contents
/// can be told before the model runs, `evaluate` tells them, and the node is replaced by constants. So chains such as
/// `Shape → Gather → Concat → Reshape` disappear as soon as the shapes they start from are known. Sizes that stay
/// symbolic travel through such chains as `NodeContext.contents`.
public struct ShapeInference: Sendable {
  /// Computes a node whose inputs are all known (or left out); nil to leave the node as it is.
  public typealias Evaluate = @Sendable (NodeContext) throws(GraphError) -> [Tensor]?

  private let registry: OperatorRegistry
  private let evaluate: Evaluate?

  /// Prepares an inference.
  ///
  /// - Parameters:
  ///   - registry: the operators that are known.
  ///   - evaluate: folds constants on the way, if given.
  public init(registry: OperatorRegistry = .standard, evaluate: Evaluate? = nil) {
    self.registry = registry
    self.evaluate = evaluate
  }

  /// Infers all types of a graph, in place.
  ///
  /// - Throws: `GraphError` naming the first node whose inputs do not fit its operator, or whose results would have sizes that
  ///   no tensor has.
  public func run(on graph: inout Graph) throws(GraphError) {
    try run(on: &graph, effort: InferenceEffort(for: graph))
  }

  private func run(on graph: inout Graph, effort: InferenceEffort) throws(GraphError) {
    for value in graph.inputs + graph.captures {
      try graph[value].type?.checkSizes(of: "input '\(graph[value].name)'", node: graph.name)
    }
    var contents: [ValueID: [Dimension]] = [:]
    for id in graph.order {
      let context = context(of: id, in: graph, contents: contents, effort: effort)
      try effort.spend(on: context)
      try infer(id, context, in: &graph)
      if let first = context.node.outputs.first, let first, let known = SizeContents.propagate(context) {
        contents[first] = known
        if evaluate != nil { foldSizes(known, into: first, of: &graph) }
      }
    }
  }

  private func context(
    of id: NodeID, in graph: Graph, contents: [ValueID: [Dimension]], effort: InferenceEffort
  ) -> NodeContext {
    let node = graph[id]
    let types = node.inputs.map { $0.flatMap { graph[$0].type } }
    let constants = node.inputs.map { $0.flatMap { graph[$0].constant } }
    let contents = node.inputs.map { $0.flatMap { contents[$0] } }
    guard node.hasSubgraphs else {
      // Without a reference to the graph: it would be copied whole when the node's results get their types.
      return NodeContext(node: node, inputTypes: types, constants: constants, contents: contents)
    }
    return NodeContext(
      node: node, inputTypes: types, constants: constants, contents: contents,
      inferSubgraph: { [self, graph] subgraph, types throws(GraphError) in
        try outputTypes(of: subgraph, inputs: types, within: graph, effort: effort)
      })
  }

  private func infer(_ id: NodeID, _ context: NodeContext, in graph: inout Graph) throws(GraphError) {
    let node = context.node
    let schema = try registry.schema(for: node.op, node: context.name)
    try schema.check(context)
    let types = try schema.infer(context)
    guard types.count >= node.outputs.count else {
      throw .invalidGraph(
        node: context.name, what: "gives \(types.count) outputs as it is configured, found \(node.outputs.count)")
    }
    for (output, type) in zip(node.outputs, types) {
      guard let output else { continue }
      let refined = try type.refined(by: graph[output].type, node: context.name, value: graph[output].name)
      try refined.checkSizes(of: "its output '\(graph[output].name)'", node: context.name)
      graph.setType(refined, of: output)
    }
    guard let evaluate, context.allInputsKnown, let results = try evaluate(context) else { return }
    for (output, result) in zip(node.outputs, results) {
      if let output { graph.setConstant(result, for: output) }
    }
  }

  /// Makes sizes that are all known a constant, although what they were read from is none.
  private func foldSizes(_ contents: [Dimension], into value: ValueID, of graph: inout Graph) {
    let sizes = contents.compactMap(\.size).map(Int64.init)
    guard sizes.count == contents.count, graph[value].constant == nil,
      case .tensor(.int64, let shape?) = graph[value].type, shape.count == sizes.count, let known = shape.sizes
    else { return }
    graph.setConstant(Tensor(shape: known, sizes), for: value)
  }

  /// The types of a subgraph's outputs, given those of its inputs; what it captures has the types of the outer graph.
  private func outputTypes(
    of subgraph: Subgraph, inputs: [ValueType?], within outer: Graph, effort: InferenceEffort
  ) throws(GraphError) -> [ValueType?] {
    var body = subgraph.body
    for (input, type) in zip(body.inputs, inputs) {
      if let type { body.setType(type, of: input) }
    }
    for (inner, value) in zip(body.captures, subgraph.captured) {
      body.setType(outer[value].type, of: inner)
      if let constant = outer[value].constant { body.setConstant(constant, for: inner) }
    }
    try run(on: &body, effort: effort)
    return body.outputs.map { body[$0].type }
  }
}

/// Bounds the work of one inference.
///
/// The body of a loop is inferred until the types of its states stay as they are, up to four times, so the bodies of loops
/// nested `n` deep up to 4ⁿ times. Models from the wild nest two or three.
private final class InferenceEffort: Sendable {
  /// Inferences of one node that are left.
  private let left: Atomic<Int>

  init(for graph: Graph) { left = Atomic((1 << 18) + 64 * graph.nestedNodeCount) }

  func spend(on context: NodeContext) throws(GraphError) {
    guard left.subtract(1, ordering: .relaxed).newValue >= 0 else {
      throw .invalidGraph(node: context.name, what: "stands in loops that nest too deep for shape inference")
    }
  }
}

extension Graph {
  /// The number of nodes, those of subgraphs included.
  fileprivate var nestedNodeCount: Int {
    order.reduce(0) { count, id in
      count + self[id].attributes.values.flatMap(\.subgraphs).reduce(1) { $0 + $1.body.nestedNodeCount }
    }
  }
}

extension NodeContext {
  /// Whether the contents of every input that is given are known, and nothing else is read.
  public var allInputsKnown: Bool {
    !node.hasSubgraphs && node.inputs.indices.allSatisfy { node.inputs[$0] == nil || constant($0) != nil }
  }
}

extension OperatorSchema {
  /// Checks the number of inputs and outputs and the names of the attributes.
  func check(_ context: NodeContext) throws(GraphError) {
    let node = context.node
    guard node.inputs.count <= inputs.upperBound else {
      throw .invalidGraph(
        node: context.name, what: "\(name) takes at most \(inputs.upperBound) inputs, found \(node.inputs.count)")
    }
    for index in 0..<inputs.lowerBound where !context.hasInput(index) {
      throw .missingInput(node: context.name, input: "\(index)")
    }
    guard outputs.contains(node.outputs.count) else {
      throw .invalidGraph(
        node: context.name,
        what: "\(name) gives \(outputs.lowerBound) to \(outputs.upperBound) outputs, found \(node.outputs.count)")
    }
    for (key, attribute) in node.attributes where !attributes.contains(key) {
      throw .invalidAttribute(
        node: context.name, attribute: key, expected: "one of \(attributes.sorted())", found: attribute.kind)
    }
  }
}

extension ValueType {
  /// Checks that all sizes that are known can be those of a tensor, so that sums of them cannot overflow.
  func checkSizes(of place: String, node: String) throws(GraphError) {
    guard let shape, Shape.count(shape.dimensions.compactMap(\.size)) == nil else { return }
    throw .invalidGraph(node: node, what: "\(place) would be of shape \(shape), which no tensor can have")
  }

  /// What is known of a value from inference, completed by what was known before.
  ///
  /// Where both know a size, inference wins: what files declare beside the graph is often stale.
  func refined(by known: ValueType?, node: String, value: String) throws(GraphError) -> ValueType {
    guard case .tensor(let type, let shape) = self, case .tensor(let declaredType, let declared)? = known else {
      return self
    }
    guard type == declaredType else {
      throw .typeMismatch(node: node, input: value, expected: "\(declaredType)", found: "\(type)")
    }
    guard let shape else { return .tensor(type, declared) }
    guard let declared, declared.rank == shape.rank else { return self }
    return .tensor(
      type, Shape(zip(shape.dimensions, declared.dimensions).map { $0 == .unknown ? $1 : $0 }))
  }
}
