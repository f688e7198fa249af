import Graph

/// What the reference of an operator sees: the node, and the values of its inputs.
///
/// The schema's rule has accepted the inputs' types and shapes before; contents such as indices are for the reference to check.
public struct Evaluation: Sendable {
  /// The node with the types and contents of its inputs, all known.
  public let context: NodeContext
  /// The inputs; nil where an optional input is left out.
  public let inputs: [RuntimeValue?]
  /// What inference tells of the outputs, where it tells something.
  public let outputTypes: [ValueType?]
  /// Runs the graph that the node holds under an attribute with these inputs.
  public let runSubgraph: @Sendable (_ attribute: String, _ inputs: [RuntimeValue]) throws(GraphError) -> [RuntimeValue]

  /// Pairs a node with its inputs.
  ///
  /// - Parameter runSubgraph: runs bodies of control flow; by default there are none.
  package init(
    node: Node, inputs: [RuntimeValue?], outputTypes: [ValueType?] = [],
    runSubgraph: @escaping @Sendable (String, [RuntimeValue]) throws(GraphError) -> [RuntimeValue] = {
      (_, _) throws(GraphError) in []
    }
  ) {
    self.context = NodeContext(node: node, inputTypes: inputs.map { $0?.type }, constants: inputs.map { $0?.tensor })
    self.inputs = inputs
    self.outputTypes = outputTypes
    self.runSubgraph = runSubgraph
  }

  /// The operator-set version that the node was written for.
  public var version: Int { context.version }

  /// The number of outputs that the node lists.
  public var outputCount: Int { context.node.outputs.count }

  /// Whether an output is wanted.
  public func wantsOutput(_ index: Int) -> Bool {
    index < context.node.outputs.count && context.node.outputs[index] != nil
  }

  /// A tensor input that must be given.
  public func tensor(_ index: Int) throws(GraphError) -> Tensor {
    guard context.hasInput(index), let value = inputs[index] else {
      throw .missingInput(node: context.name, input: "\(index)")
    }
    guard let tensor = value.tensor else {
      throw .typeMismatch(node: context.name, input: "\(index)", expected: "a tensor", found: "\(value)")
    }
    return tensor
  }

  /// A tensor input that may be left out.
  public func optionalTensor(_ index: Int) throws(GraphError) -> Tensor? {
    context.hasInput(index) ? try tensor(index) : nil
  }

  /// Checks that a result of this type and shape is one that the machine can hold.
  ///
  /// - Returns: the number of its elements.
  @discardableResult
  public func checkedCount(_ shape: [Int], of type: DataType) throws(GraphError) -> Int {
    try MemoryBudget.checkedCount(shape, of: type, node: context.name)
  }
}
