import Graph

/// Computes once what the graph computes twice: nodes of one operator with equal inputs and attributes, and small constants of
/// equal contents, which make such nodes visible.
struct CommonSubexpressions: GraphPass {
  /// Constants of more bytes are not compared: they are weights, which exporters share where they are equal.
  private static let comparedBytes = 1024

  private struct NodeKey: Hashable {
    let op: OperatorID
    let inputs: [ValueID?]
    let outputs: [Bool]
    let attributes: [String: AttributeKey]
  }

  private struct ConstantKey: Hashable {
    let type: DataType
    let shape: [Int]
    let bytes: [UInt8]
  }

  func run(on graph: inout Graph) throws(GraphError) {
    mergeConstants(in: &graph)
    var seen: [NodeKey: NodeID] = [:]
    for id in graph.order {
      let node = graph[id]
      guard !node.hasSubgraphs, try LoweringRegistry.standard.lowering(for: node).isDeterministic else { continue }
      var attributes: [String: AttributeKey] = [:]
      for (name, attribute) in node.attributes { attributes[name] = AttributeKey(attribute) }
      let key = NodeKey(
        op: node.op, inputs: node.inputs, outputs: node.outputs.map { $0 != nil }, attributes: attributes)
      guard let first = seen[key] else {
        seen[key] = id
        continue
      }
      for case let (old?, new?) in zip(node.outputs, graph[first].outputs) { graph.replaceUses(of: old, with: new) }
    }
  }

  private func mergeConstants(in graph: inout Graph) {
    var seen: [ConstantKey: ValueID] = [:]
    for value in Array(graph.valueIDs) {
      guard let tensor = graph[value].constant, !graph.consumers(of: value).isEmpty,
        tensor.byteCount <= Self.comparedBytes, let bytes = tensor.packedBytes
      else { continue }
      let key = ConstantKey(type: tensor.dataType, shape: tensor.shape, bytes: bytes)
      if let first = seen[key] { graph.replaceUses(of: value, with: first) } else { seen[key] = value }
    }
  }

  /// An attribute by its contents; tensors and graphs are equal only to themselves.
  private enum AttributeKey: Hashable {
    case int(Int), float(UInt32), string(String), ints([Int]), floats([UInt32]), strings([String]), type(ValueType)
    case tensor(DataType, [Int], [UInt8])
    case other(String)

    init(_ attribute: Attribute) {
      switch attribute {
      case .int(let value): self = .int(value)
      case .float(let value): self = .float(value.bitPattern)
      case .string(let value): self = .string(value)
      case .ints(let values): self = .ints(values)
      case .floats(let values): self = .floats(values.map(\.bitPattern))
      case .strings(let values): self = .strings(values)
      case .type(let type): self = .type(type)
      case .tensor(let tensor): self = .tensor(tensor.dataType, tensor.shape, tensor.packedBytes ?? [])
      case .tensors, .graph, .graphs: self = .other(attribute.kind)
      }
    }
  }
}

extension Tensor {
  /// A copy of the packed bytes; nil for strings.
  fileprivate var packedBytes: [UInt8]? {
    withBytes { bytes in
      var copy: [UInt8] = []
      copy.reserveCapacity(bytes.count)
      for i in bytes.indices { copy.append(bytes[i]) }
      return copy
    }
  }
}
