import Graph

/// A model that is ready to run: checked, optimized as far as possible without knowing the sizes of its inputs, with the weights
/// that its sessions share.
public final class CompiledModel: Sendable {
  /// What was compiled.
  public let model: Model
  /// The model's graph after the passes that need no sizes.
  let graph: Graph
  /// Weights in the layouts of the kernels.
  package let weights: WeightCache

  /// Prepares a model.
  ///
  /// - Throws: `EngineError.model` if an operator is unsupported, the graph is not well formed, or a loop in it cannot end.
  public init(_ model: Model) throws(EngineError) {
    do throws(GraphError) {
      try model.graph.checkStructure()
      try Self.checkSupport(of: model.graph)
      var graph = model.graph
      try ConstantFolding.inference.run(on: &graph)
      try graph.checkLoopsEnd()
      try GraphOptimizer.general.run(on: &graph)
      self.graph = graph
      weights = WeightCache(of: [graph, model.graph])
    } catch {
      throw .model(source: model.source, error)
    }
    self.model = model
  }

  /// Opens and prepares the model of a file.
  ///
  /// - Throws: `EngineError.model` naming the file and, where one is at fault, the node.
  public convenience init(contentsOf path: String) throws(EngineError) {
    let model: Model
    do throws(GraphError) { model = try Model(contentsOf: path) } catch { throw .model(source: path, error) }
    try self.init(model)
  }

  private static func checkSupport(of graph: Graph) throws(GraphError) {
    for id in graph.order {
      let node = graph[id]
      _ = try OperatorRegistry.standard.schema(for: node.op, node: node.label)
      _ = try LoweringRegistry.standard.lowering(for: node)
      for subgraph in node.attributes.values.flatMap(\.subgraphs) { try checkSupport(of: subgraph.body) }
    }
  }
}
