import Graph

/// A rewriting of a graph that keeps its results.
protocol GraphPass: Sendable {
  /// Rewrites; types of all values are known as far as inference tells, and must be known so afterwards.
  func run(on graph: inout Graph) throws(GraphError)
}

/// Passes in the order in which they run.
struct GraphOptimizer: Sendable {
  let passes: [any GraphPass]

  /// What runs on a graph whose inputs have sizes.
  static let specialized = GraphOptimizer(passes: [])

  /// Runs all passes, and removes what they left unused.
  func run(on graph: inout Graph) throws(GraphError) {
    for pass in passes {
      try pass.run(on: &graph)
      graph.removeDeadNodes()
    }
  }
}
