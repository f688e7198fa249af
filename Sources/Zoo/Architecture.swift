import Graph

/// What a model of the zoo is built from.
protocol Architecture: Sendable {
  /// Writes the network down, node by node in the order of its program.
  ///
  /// - Parameters:
  ///   - batch: inputs that are run together.
  ///   - tokens: length of a text; images have none.
  ///   - weights: where parameters come from.
  func build(batch: Dimension, tokens: Dimension, weights: SeededWeights) -> NetworkBuilder
}
