import Graph

/// A rewriting of a graph that keeps its results.
protocol GraphPass: Sendable {
  /// Rewrites, keeping the types of all values that remain.
  func run(on graph: inout Graph) throws(GraphError)
}

/// Passes in the order in which they run.
struct GraphOptimizer: Sendable {
  let passes: [any GraphPass]

  /// What runs once for a model, before the sizes of its inputs are known.
  static let general = GraphOptimizer(passes: [BatchNormFolding()])

  /// What runs for each plan, when all sizes are known that can be.
  static let specialized = GraphOptimizer(passes: [
    NoOpElimination(),
    CommonSubexpressions(),
    ReshapeSimplification(),
    TransposeSimplification(),
    LayerNormRecognition(),
    ActivationRecognition(),
    AttentionRecognition(),
    ConvolutionFusion(),
    LinearFusion(),
    ProjectionFusion(),
  ])

  /// Runs all passes, and removes what they left unused.
  func run(on graph: inout Graph) throws(GraphError) {
    for pass in passes {
      try pass.run(on: &graph)
      graph.removeDeadNodes()
    }
  }
}
