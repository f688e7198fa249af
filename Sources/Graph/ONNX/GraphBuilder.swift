/// A graph under construction, with its link to the graph around it.
final class GraphBuilder {
  /// What was built so far.
  var graph: Graph
  /// Values of the graph around this one, parallel to `graph.captures`.
  private(set) var captured: [ValueID] = []

  private let outer: GraphBuilder?
  private var inner: [ValueID: ValueID] = [:]
  private var taken: Set<String> = []
  private var suffixes: [String: Int] = [:]

  /// Starts a graph inside a node of `outer`, or a model's main graph.
  init(name: String, outer: GraphBuilder?) {
    graph = Graph(name: name)
    self.outer = outer
  }

  /// Sets a name aside; a number is added if a value has it already.
  func fresh(_ base: String) -> String {
    if taken.insert(base).inserted { return base }
    var number = suffixes[base, default: 0]
    repeat { number += 1 } while !taken.insert("\(base)_\(number)").inserted
    suffixes[base] = number
    return "\(base)_\(number)"
  }

  /// The value in this graph that stands for one of `origin`, which is this graph or one around it.
  ///
  /// Every graph between the two captures the value too.
  func bring(_ id: ValueID, from origin: GraphBuilder) -> ValueID {
    guard origin !== self, let outer else { return id }
    let source = outer.bring(id, from: origin)
    if let known = inner[source] { return known }
    let value = outer.graph[source]
    let capture = graph.addCapture(name: fresh(value.name), type: value.type)
    captured.append(source)
    inner[source] = capture
    return capture
  }

  /// The finished graph for a node of the graph around.
  var subgraph: Subgraph { Subgraph(body: graph, captured: captured) }
}

/// The names that a list of nodes sees: of a graph, or of a function's body, whose nodes go to the caller's graph.
final class Scope {
  /// A function call that is being inlined.
  struct Call {
    /// The functions entered on the way, the innermost last.
    var functions: [FunctionKey] = []
    /// The attributes of the call and the defaults of the function, by name.
    var attributes: [String: Attribute] = [:]
    /// The graph in which the values are that graphs among the attributes capture.
    var builder: GraphBuilder
    /// The nodes' names begin with it.
    var prefix = ""
    /// The name for the function's node, if it is the only one and has none.
    var onlyNode = ""
  }

  /// Where nodes and values go.
  let builder: GraphBuilder
  /// The scope around a subgraph; nil for a model's graph and for a function, which sees only its own names.
  let outer: Scope?
  /// Versions of the operator sets, by domain.
  let opsets: [String: Int]
  /// The call, in a function and in subgraphs of it.
  let call: Call?
  /// How deep graphs and calls nest here.
  let depth: Int
  /// What the names mean; nil for an input that a function's caller leaves out.
  var names: [String: ValueID?] = [:]
  /// The caller's values for a function's outputs, until the writing node is met.
  var results: [String: ValueID] = [:]

  /// Starts a scope.
  init(builder: GraphBuilder, outer: Scope?, opsets: [String: Int], call: Call?, depth: Int) {
    self.builder = builder
    self.outer = outer
    self.opsets = opsets
    self.call = call
    self.depth = depth
  }

  /// What a name means here: a value of this scope's graph, captured if need be.
  ///
  /// - Returns: nil for a name that nothing defines, `.some(nil)` for an input that is left out.
  func resolve(_ name: String) -> ValueID?? {
    if let known = names[name] { return known }
    guard let outer, let found = outer.resolve(name) else { return nil }
    let here = found.map { builder.bring($0, from: outer.builder) }
    names[name] = .some(here)
    return .some(here)
  }
}

/// What tells functions of a model apart.
struct FunctionKey: Hashable {
  var domain: String
  var name: String
  var overload: String
}
