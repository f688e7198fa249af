import Graph
import Kernels

/// Plans of the subgraphs of one node, made when they first run, one for each combination of input types.
final class SubgraphPlans: Sendable {
  private struct Key: Hashable {
    let attribute: String
    let types: [ValueType?]
  }

  private let compiler: PlanCompiler
  private let plans = PlanCache<Key>(capacity: 16)

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
    let types = values.map(\.type)
    let executor = try plans.executor(for: Key(attribute: attribute, types: types)) { () throws(GraphError) in
      PlanExecutor(plan: try compiler.compile(subgraph.body, inputTypes: types), kernels: compiler.kernels)
    }
    return try executor.run(values)
  }
}
