import Graph
import Kernels

/// Turns a graph into a plan for inputs of given types.
///
/// | stage | what it does | result |
/// | --- | --- | --- |
/// | specialize | gives inputs their types, infers all others, folds what is then constant | a graph without shape chains |
/// | optimize | fuses and removes nodes | fewer, larger nodes |
/// | tune | measures kernels that could compute the layers, if the user asks for it | timings |
/// | lower | asks each node's lowering for steps | kernels, packed weights |
/// | place | plans lifetimes | a `Plan` |
struct PlanCompiler: Sendable {
  let options: PlanOptions
  let weights: WeightCache
  let kernels: KernelContext
  let convolutions: ConvolutionChooser

  /// Compiles a graph.
  ///
  /// - Parameter inputTypes: types of the graph's inputs, then of its captures; nil where not even the kind is known.
  /// - Throws: `GraphError` naming the node that does not fit.
  func compile(_ graph: Graph, inputTypes: [ValueType?]) throws(GraphError) -> Plan {
    try plan(for: specialized(graph, inputTypes: inputTypes))
  }

  /// Compiles a model's graph, with the plans for requests that are padded if padding can be skipped.
  func executor(for graph: Graph, inputTypes: [ValueType?]) throws(GraphError) -> PlanExecutor {
    try executor(of: specialized(graph, inputTypes: inputTypes))
  }

  /// Compiles a graph that is specialized and optimized, with the plans for requests that are padded.
  func executor(of graph: Graph) throws(GraphError) -> PlanExecutor {
    let padded = options.optimize && options.skipPadding ? PaddedGraph(graph) : nil
    var plan = try plan(for: graph)
    plan.paddingMask = padded.map { graph[graph.inputs[$0.mask]].name }
    return PlanExecutor(plan: plan, kernels: kernels, padded: padded.map { PaddedPlans(of: $0, compiler: self) })
  }

  /// The graph for inputs of given types, rewritten by all passes.
  func specialized(_ graph: Graph, inputTypes: [ValueType?]) throws(GraphError) -> Graph {
    var graph = graph
    for (input, type) in zip(graph.inputs + graph.captures, inputTypes) { graph.setType(type, of: input) }
    repeat { try ConstantFolding.inference.run(on: &graph) } while ConditionInlining.run(on: &graph)
    if options.optimize { try GraphOptimizer.specialized.run(on: &graph) }
    graph.removeDeadNodes()
    return graph
  }

  /// Lowers a graph that is specialized and optimized.
  func plan(for graph: Graph) throws(GraphError) -> Plan {
    try tune(for: graph)

    var plan = PlanBuilder(graph: graph, weights: weights, kernels: kernels, convolutions: convolutions)
    for id in graph.order { try lower(graph[id], into: &plan) }
    let placed = try plan.finish()
    try checkMemory(of: placed)
    return placed
  }

  /// Checks that the plan's arena can be had; what cannot is put down to the step of the largest result.
  private func checkMemory(of plan: Plan) throws(GraphError) {
    func resultBytes(_ step: Step) -> Int { step.writes.reduce(0) { $0 + (plan.slots[$1].byteCount ?? 0) } }
    let largest = plan.steps.max { resultBytes($0) < resultBytes($1) }
    try MemoryBudget.check(byteCount: plan.arenaByteCount, node: largest?.node ?? "")
  }

  /// Checks that each value that a node reads or writes can be had, so that no product of its sizes overflows in a lowering.
  private func checkMemory(of node: Node, in graph: Graph) throws(GraphError) {
    for case let value? in node.inputs + node.outputs where graph[value].constant == nil {
      guard case .tensor(let type, let shape?) = graph[value].type, let sizes = shape.sizes else { continue }
      let byteCount = Shape.count(sizes).map { type.byteCount(elements: $0) } ?? .max
      try MemoryBudget.check(byteCount: byteCount, node: node.label)
    }
  }

  /// Measures the convolutions of a graph, all together, so that the heaviest get the time there is.
  private func tune(for graph: Graph) throws(GraphError) {
    guard options.tuning != .off else { return }
    var shapes: [ConvolutionShape] = []
    for id in graph.order where ConvolutionKernel.computes(graph[id].op) {
      try checkMemory(of: graph[id], in: graph)
      if let shape = try ConvolutionKernel.shape(of: NodeContext(graph[id], in: graph), in: graph) {
        shapes.append(shape)
      }
    }
    convolutions.tune(shapes)
  }

  private func lower(_ node: Node, into plan: inout PlanBuilder) throws(GraphError) {
    let lowering = try LoweringRegistry.standard.lowering(for: node)
    plan.begin(node)
    try checkMemory(of: node, in: plan.graph)
    if let lower = lowering.lower, node.reads.allSatisfy({ plan.tensorType(of: $0) != nil }),
      node.outputs.allSatisfy({ $0.map { plan.tensorType(of: $0) != nil } ?? true })
    {
      if try lower(NodeContext(node, in: plan.graph), &plan) { return }
    }
    plan.appendReference(node, lowering, subgraphs: node.hasSubgraphs ? SubgraphPlans(compiler: self) : nil)
  }
}

extension NodeContext {
  /// What a graph knows of a node.
  fileprivate init(_ node: Node, in graph: Graph) {
    self.init(
      node: node, inputTypes: node.inputs.map { $0.flatMap { graph[$0].type } },
      constants: node.inputs.map { $0.flatMap { graph[$0].constant } })
  }
}
