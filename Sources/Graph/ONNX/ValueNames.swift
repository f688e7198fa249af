/// The names that the values of one graph get in a file.
///
/// Values keep their names where they can. Inputs and outputs of a model have theirs for certain; what a subgraph captures
/// has the name of the outer value, and nothing else in the subgraph may have a name that is visible around it.
struct ValueNames {
  /// A copy that a node `Identity` makes, for an output that cannot get its name otherwise.
  struct Copy {
    var source: ValueID
    var name: String
  }

  /// The names under which the graph gives its outputs.
  private(set) var outputs: [String] = []
  /// Copies to write behind the other nodes.
  private(set) var copies: [Copy] = []
  /// All names that subgraphs see.
  private(set) var visible: Set<String>
  private var names: [ValueID: String] = [:]
  private var suffixes: [String: Int] = [:]

  /// Names the values of a model's main graph.
  ///
  /// - Throws: `GraphError.invalidGraph` if two outputs, or an input and an output, cannot both have their names.
  init(of graph: Graph) throws(GraphError) {
    visible = []
    for input in graph.inputs {
      guard visible.insert(graph[input].name).inserted else {
        throw .invalidGraph(node: "input '\(graph[input].name)'", what: "has the name of another input")
      }
      names[input] = graph[input].name
    }
    for (value, name) in zip(graph.outputs, graph.outputNames) {
      outputs.append(name)
      if names[value] == name || copies.contains(where: { $0.source == value && $0.name == name }) { continue }
      guard visible.insert(name).inserted else {
        throw .invalidGraph(node: "output '\(name)'", what: "has the name of another output or of an input")
      }
      if names[value] == nil {
        names[value] = name
      } else {
        copies.append(Copy(source: value, name: name))
      }
    }
    nameTheRest(of: graph)
  }

  /// Names the values of a subgraph whose captures have these names outside.
  init(of graph: Graph, captures: [String], visible outer: Set<String>) {
    visible = outer
    for (capture, name) in zip(graph.captures, captures) { names[capture] = name }
    for input in graph.inputs { names[input] = fresh(graph[input].name) }
    var given = Set(graph.captures)  // a subgraph may not give what it captures, nor one value twice
    for value in graph.outputs {
      if given.insert(value).inserted {
        let name = names[value] ?? fresh(graph[value].name)
        names[value] = name
        outputs.append(name)
      } else {
        let name = fresh(graph[value].name)
        copies.append(Copy(source: value, name: name))
        outputs.append(name)
      }
    }
    nameTheRest(of: graph)
  }

  /// Names a function's values: what a node reads and writes.
  init(of node: Node, inputs: [ValueID]) {
    visible = []
    for (index, value) in inputs.enumerated() {
      names[value] = "input_\(index)"
      visible.insert("input_\(index)")
    }
    for (index, value) in node.outputs.enumerated() {
      outputs.append("output_\(index)")
      visible.insert("output_\(index)")
      if let value { names[value] = "output_\(index)" }
    }
  }

  /// A value's name; empty for none.
  subscript(value: ValueID?) -> String { value.flatMap { names[$0] } ?? "" }

  private mutating func nameTheRest(of graph: Graph) {
    for value in graph.liveValues where names[value] == nil {
      names[value] = fresh(graph[value].name)
    }
  }

  private mutating func fresh(_ base: String) -> String {
    if visible.insert(base).inserted { return base }
    var number = suffixes[base, default: 0]
    repeat { number += 1 } while !visible.insert("\(base)_\(number)").inserted
    suffixes[base] = number
    return "\(base)_\(number)"
  }
}
