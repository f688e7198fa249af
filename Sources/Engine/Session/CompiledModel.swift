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
  /// The plan file that it was read from, if it was.
  public let planFile: PlanFile?

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
    planFile = nil
  }

  /// Takes a model that was prepared before.
  ///
  /// - Throws: `EngineError.plan` if the file is damaged.
  public init(_ file: PlanFile) throws(EngineError) {
    planFile = file
    model = try file.model()
    graph = model.graph
    weights = file.weights()
  }

  /// Opens and prepares the model of a file: an ONNX model, or a plan file, whatever its name.
  ///
  /// - Throws: `EngineError.model` naming the file and, where one is at fault, the node; `EngineError.plan` for a plan file that
  ///   cannot be used.
  public convenience init(contentsOf path: String) throws(EngineError) {
    if PlanFile.isPlan(path) {
      try self.init(PlanFile(contentsOf: path))
      return
    }
    let model: Model
    do throws(GraphError) { model = try Model(contentsOf: path) } catch { throw .model(source: path, error) }
    try self.init(model)
  }

  /// The types of the inputs if those that are named have these sizes, and the others what the model declares.
  ///
  /// - Throws: `EngineError` naming the input that the model does not have or whose shape it does not take.
  func inputTypes(forShapes shapes: [String: [Int]]) throws(EngineError) -> [ValueType?] {
    let graph = model.graph
    let names = graph.inputs.map { graph[$0].name }
    for name in shapes.keys.sorted() where !names.contains(name) {
      throw .unknownInput(model: model.source, input: name, known: names)
    }
    var types: [ValueType?] = []
    for input in graph.inputs {
      let declared = graph[input].type
      guard let sizes = shapes[graph[input].name], let type = declared?.dataType else {
        types.append(declared)
        continue
      }
      let given = ValueType.tensor(type, Shape(sizes))
      guard sizes.allSatisfy({ $0 >= 0 }), declared?.accepts(given) ?? true else {
        throw .inputMismatch(
          model: model.source, input: graph[input].name, expected: declared?.description ?? "a tensor",
          found: "\(given)")
      }
      types.append(given)
    }
    return types
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
