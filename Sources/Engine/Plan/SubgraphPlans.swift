import Graph
import Kernels
import Synchronization

/// Plans of the subgraphs of one node, made when they first run, one for each combination of input types.
final class SubgraphPlans: Sendable {
  private struct Key: Hashable {
    let attribute: String
    let types: [ValueType?]
  }

  private let compiler: PlanCompiler
  private let plans = Mutex<[Key: PlanExecutor]>([:])
  /// Plans kept at most; a body whose types change with every iteration must not fill the memory.
  private static let capacity = 16

  init(compiler: PlanCompiler) { self.compiler = compiler }

  /// Runs the subgraph that a node holds under an attribute.
  func run(
    _ subgraph: Subgraph, of attribute: String, inputs: [RuntimeValue], captured: [RuntimeValue]
  ) throws(GraphError) -> [RuntimeValue] {
    guard inputs.count == subgraph.body.inputs.count else {
      throw .invalidGraph(
        node: subgraph.body.name,
        what: "the graph '\(attribute)' takes \(subgraph.body.inputs.count) inputs, its node hands it \(inputs.count)")
    }
    let values = inputs + captured
    let key = Key(attribute: attribute, types: values.map(\.type))
    if let plan = plans.withLock({ $0[key] }) { return try plan.run(values) }
    let plan = PlanExecutor(
      plan: try compiler.compile(subgraph.body, inputTypes: values.map(\.type)), kernels: compiler.kernels)
    plans.withLock { plans in
      if plans.count >= Self.capacity { plans.removeAll() }
      plans[key] = plan
    }
    return try plan.run(values)
  }
}
