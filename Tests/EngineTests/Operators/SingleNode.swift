import Engine
import Graph

/// Runs one operator on constant inputs, through a session, by its reference or its kernel.
func runNode(
  _ name: String, domain: String = "", version: Int, _ inputs: [Tensor?], attributes: [String: Attribute] = [:],
  outputs: Int = 1, optimize: Bool = false
) throws -> [RuntimeValue] {
  var graph = Graph(name: "single")
  var values: [ValueID?] = []
  var arguments: [String: Tensor] = [:]
  for (index, input) in inputs.enumerated() {
    guard let input else {
      values.append(nil)
      continue
    }
    arguments["x\(index)"] = input
    values.append(graph.addInput(name: "x\(index)", type: .tensor(input.dataType, Shape(input.shape))))
  }
  let results = (0..<outputs).map { graph.addValue(name: "y\($0)") }
  graph.append(
    Node(
      OperatorID(name, domain: domain, version: version), name: "node", inputs: values, outputs: results,
      attributes: attributes))
  for result in results { graph.addOutput(result) }
  let session = try Session(
    CompiledModel(Model(graph: graph, source: "single")),
    options: SessionOptions(plan: PlanOptions(optimize: optimize)))
  let found = try session.runValues(arguments.mapValues(RuntimeValue.tensor))
  return (0..<outputs).map { found["y\($0)"] ?? .none }
}

/// Runs one operator with one tensor as its result.
func runTensor(
  _ name: String, version: Int, _ inputs: [Tensor?], attributes: [String: Attribute] = [:]
) throws -> Tensor? {
  try runNode(name, version: version, inputs, attributes: attributes).first?.tensor
}
