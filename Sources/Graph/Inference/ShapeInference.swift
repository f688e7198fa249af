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
  /// - Throws: `GraphError` naming the first node whose inputs do not fit its operator.
  public func run(on graph: inout Graph) throws(GraphError) {
    var contents: [ValueID: [Dimension]] = [:]
    for id in graph.order {
      let context = context(of: id, in: graph, contents: contents)
      try infer(id, context, in: &graph)
      if let first = context.node.outputs.first, let first, let known = SizeContents.propagate(context) {
        contents[first] = known
        if evaluate != nil { foldSizes(known, into: first, of: &graph) }
      }
    }
  }

  private func context(of id: NodeID, in graph: Graph, contents: [ValueID: [Dimension]]) -> NodeContext {
    let node = graph[id]
    return NodeContext(
      node: node,
      inputTypes: node.inputs.map { $0.flatMap { graph[$0].type } },
      constants: node.inputs.map { $0.flatMap { graph[$0].constant } },
      contents: node.inputs.map { $0.flatMap { contents[$0] } },
      inferSubgraph: { [self, graph] subgraph, types throws(GraphError) in
        try outputTypes(of: subgraph, inputs: types, within: graph)
      })
  }

  private func infer(_ id: NodeID, _ context: NodeContext, in graph: inout Graph) throws(GraphError) {
    let node = context.node
    let schema = try registry.schema(for: node.op, node: context.name)
    try schema.check(context)
    let types = try schema.infer(context)
    for (output, type) in zip(node.outputs, types) {
      guard let output else { continue }
      try type.checkSizes(node: context.name)
      graph.setType(try type.refined(by: graph[output].type, node: context.name, value: graph[output].name), of: output)
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
    of subgraph: Subgraph, inputs: [ValueType?], within outer: Graph
  ) throws(GraphError) -> [ValueType?] {
    var body = subgraph.body
    for (input, type) in zip(body.inputs, inputs) {
      if let type { body.setType(type, of: input) }
    }
    for (inner, value) in zip(body.captures, subgraph.captured) {
      body.setType(outer[value].type, of: inner)
      if let constant = outer[value].constant { body.setConstant(constant, for: inner) }
    }
    try run(on: &body)
    return body.outputs.map { body[$0].type }
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
  /// Checks that all sizes that are known can be those of a tensor.
  package func checkSizes(node: String) throws(GraphError) {
    guard let shape, Shape.count(shape.dimensions.compactMap(\.size)) == nil else { return }
    throw .invalidGraph(node: node, what: "its output would be of shape \(shape), which no tensor can have")
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
