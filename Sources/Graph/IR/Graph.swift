/// A computation: nodes that read and write values.
///
/// A value is written once: by a node, as a constant, as an input of the graph, or as a capture from the graph around it.
/// Nodes are kept in an order in which each follows the writers of what it reads. Users of a value and its writer are
/// always at hand, so a pass matches a pattern by walking from a node up or down:
///
///     for id in graph.order {
///       let node = graph[id]
///       guard node.op.name == "Relu", let x = node.inputs[0], let writer = graph.producer(of: x) else { continue }
///       …
///     }
///
/// All changes go through the methods here, which keep the links between values, writers and readers right. The order of the
/// nodes and that every value has a writer are the caller's to keep; `checkStructure()` proves them.
public struct Graph: Sendable {
  /// The graph's name in its file.
  public var name: String
  /// Values the caller gives, in the order of the file.
  public private(set) var inputs: [ValueID] = []
  /// Values the caller gets; a value may stand here more than once.
  public private(set) var outputs: [ValueID] = []
  /// The names under which the caller gets them, parallel to `outputs`.
  ///
  /// Passes may put another value in the place of an output; its name stays.
  public private(set) var outputNames: [String] = []
  /// Values taken from the graph around this one, for subgraphs: see `Subgraph`.
  public private(set) var captures: [ValueID] = []
  /// The nodes, writers before readers.
  public private(set) var order: [NodeID] = []

  private var nodes: [Node?] = []
  private var values: [Value] = []
  /// The names of all values.
  private var names: Set<String> = []

  /// Makes an empty graph.
  public init(name: String = "") { self.name = name }

  /// The node of an identifier, which must be in the graph: one that was removed is a programmer's error, and traps.
  public subscript(id: NodeID) -> Node {
    guard let node = nodes[id.index] else { preconditionRemoved(id) }
    return node
  }

  /// The value of an identifier.
  public subscript(id: ValueID) -> Value { values[id.index] }

  /// Every value that was ever added, used or not.
  public var valueIDs: some Sequence<ValueID> { values.indices.lazy.map(ValueID.init(index:)) }

  /// Whether the node is (still) in the graph.
  public func contains(_ id: NodeID) -> Bool { nodes.indices.contains(id.index) && nodes[id.index] != nil }

  private func preconditionRemoved(_ id: NodeID) -> Never {
    preconditionFailure("node \(id.index) was removed from graph '\(name)'")
  }
}

/// Something a node reads or writes.
public struct Value: Sendable {
  /// Unique within its graph and not empty; names of the file where it has some.
  public fileprivate(set) var name: String
  /// Element type and shape, as far as they are known.
  public fileprivate(set) var type: ValueType?
  /// The contents, if they are known before the model runs.
  public fileprivate(set) var constant: Tensor?
  /// The node that writes it; nil for inputs, captures and constants.
  public fileprivate(set) var producer: NodeID?
  /// Nodes that read it, once for each read.
  public fileprivate(set) var consumers: [NodeID] = []
}

// MARK: - Values

extension Graph {
  /// Adds a value that a node shall write.
  ///
  /// - Parameters:
  ///   - name: one that no other value has: see `freshName(_:)`.
  ///   - type: what is known of it.
  public mutating func addValue(name: String, type: ValueType? = nil) -> ValueID {
    names.insert(name)
    values.append(Value(name: name, type: type))
    return ValueID(index: values.count - 1)
  }

  /// Adds an input.
  public mutating func addInput(name: String, type: ValueType?) -> ValueID {
    let id = addValue(name: name, type: type)
    inputs.append(id)
    return id
  }

  /// Adds a constant.
  public mutating func addConstant(name: String, _ tensor: Tensor) -> ValueID {
    let id = addValue(name: name, type: .tensor(tensor.dataType, Shape(tensor.shape)))
    values[id.index].constant = tensor
    return id
  }

  /// Adds a value that stands for one of the graph around this one.
  public mutating func addCapture(name: String, type: ValueType?) -> ValueID {
    let id = addValue(name: name, type: type)
    captures.append(id)
    return id
  }

  /// Makes a value an output, under its own name if no other is given.
  public mutating func addOutput(_ id: ValueID, name: String? = nil) {
    outputs.append(id)
    outputNames.append(name ?? self[id].name)
  }

  /// Sets what is known of a value's type.
  public mutating func setType(_ type: ValueType?, of id: ValueID) { values[id.index].type = type }

  /// Makes a value a constant: its writer, if any, no longer writes it, and goes if it writes nothing else.
  public mutating func setConstant(_ tensor: Tensor, for id: ValueID) {
    values[id.index].constant = tensor
    values[id.index].type = .tensor(tensor.dataType, Shape(tensor.shape))
    guard let writer = values[id.index].producer else { return }
    values[id.index].producer = nil
    nodes[writer.index]?.outputs.replace(id, with: nil)
    if self[writer].outputs.allSatisfy({ $0 == nil }) { remove(writer) }
  }

  /// The node that writes a value.
  public func producer(of id: ValueID) -> NodeID? { values[id.index].producer }

  /// The nodes that read a value, once for each read.
  public func consumers(of id: ValueID) -> [NodeID] { values[id.index].consumers }

  /// Whether the graph's caller sees the value.
  public func isOutput(_ id: ValueID) -> Bool { outputs.contains(id) }

  /// The one node that reads a value, if nothing else does and it is no output.
  public func onlyConsumer(of id: ValueID) -> NodeID? {
    let consumers = values[id.index].consumers
    return consumers.count == 1 && !isOutput(id) ? consumers[0] : nil
  }

  /// A name that no value has yet: `base`, or `base` with a number.
  public func freshName(_ base: String) -> String {
    if !names.contains(base) { return base }
    var number = 1
    while names.contains("\(base)_\(number)") { number += 1 }
    return "\(base)_\(number)"
  }

  /// Makes all readers of a value, and the graph's outputs, read another instead.
  ///
  /// Outputs keep their names.
  public mutating func replaceUses(of old: ValueID, with new: ValueID) {
    guard old != new else { return }
    for consumer in Set(values[old.index].consumers) {
      update(consumer) { $0.replaceReads { $0 == old ? new : $0 } }
    }
    outputs.replace(old, with: new)
  }
}

// MARK: - Nodes

extension Graph {
  /// Adds a node behind all others, or before a given one, which must be in the graph.
  @discardableResult
  public mutating func append(_ node: Node, before successor: NodeID? = nil) -> NodeID {
    let id = NodeID(index: nodes.count)
    nodes.append(node)
    if let successor {
      guard let position = order.firstIndex(of: successor) else { preconditionRemoved(successor) }
      order.insert(id, at: position)
    } else {
      order.append(id)
    }
    link(id)
    return id
  }

  /// Adds a node with one output of the given name.
  public mutating func append(
    _ op: OperatorID, name: String = "", inputs: [ValueID?], attributes: [String: Attribute] = [:],
    output: String, type: ValueType? = nil, before successor: NodeID? = nil
  ) -> ValueID {
    let value = addValue(name: output, type: type)
    append(Node(op, name: name, inputs: inputs, outputs: [value], attributes: attributes), before: successor)
    return value
  }

  /// Takes a node out; the values it wrote have no writer then.
  ///
  /// Does nothing if the node was removed before.
  public mutating func remove(_ id: NodeID) {
    guard contains(id) else { return }
    unlink(id)
    nodes[id.index] = nil
    if let position = order.firstIndex(of: id) { order.remove(at: position) }
  }

  /// Changes a node in place; it must be in the graph.
  public mutating func update(_ id: NodeID, _ change: (inout Node) -> Void) {
    var node = self[id]
    unlink(id)
    change(&node)
    nodes[id.index] = node
    link(id)
  }

  /// Puts a node in the place of another, whose outputs it takes over if it lists them.
  public mutating func replace(_ id: NodeID, with node: Node) {
    update(id) { $0 = node }
  }

  /// Removes several nodes at once, as `remove(_:)` does one.
  public mutating func remove(_ ids: Set<NodeID>) {
    for id in ids where contains(id) {
      unlink(id)
      nodes[id.index] = nil
    }
    order.removeAll(where: ids.contains)
  }

  private mutating func link(_ id: NodeID) {
    let node = self[id]
    for value in node.reads { values[value.index].consumers.append(id) }
    for case let value? in node.outputs { values[value.index].producer = id }
  }

  private mutating func unlink(_ id: NodeID) {
    let node = self[id]
    for value in Set(node.reads) { values[value.index].consumers.removeAll { $0 == id } }
    for case let value? in node.outputs where values[value.index].producer == id { values[value.index].producer = nil }
  }

  /// Puts writers before readers again, keeping the order of unrelated nodes.
  ///
  /// - Returns: a node on a cycle, if there is one; the order is then unchanged.
  @discardableResult
  public mutating func sort() -> NodeID? {
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: nodes.count)
    var sorted: [NodeID] = []
    for root in order where marks[root.index] == .new {
      var stack = [root]  // explicit, since a file may chain any number of nodes
      while let id = stack.last {
        guard marks[id.index] == .new else {
          stack.removeLast()
          if marks[id.index] == .open {
            marks[id.index] = .done
            sorted.append(id)
          }
          continue
        }
        marks[id.index] = .open
        for writer in self[id].reads.reversed().compactMap(producer(of:)) {
          if marks[writer.index] == .open { return writer }
          if marks[writer.index] == .new { stack.append(writer) }
        }
      }
    }
    order = sorted
    return nil
  }
}

extension Array where Element: Equatable {
  /// Replaces every element equal to `old`.
  mutating func replace(_ old: Element, with new: Element) {
    for i in indices where self[i] == old { self[i] = new }
  }
}
