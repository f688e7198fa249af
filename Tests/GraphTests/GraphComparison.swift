import Graph

/// Finds what makes two graphs different: order and kinds of nodes, links, attributes, names of inputs, outputs and nodes,
/// and every byte of every tensor that something reads.
struct GraphComparison {
  private(set) var differences: [String] = []
  private var partner: [ValueID: ValueID] = [:]

  static func differences(_ a: Graph, _ b: Graph) -> [String] {
    var comparison = GraphComparison()
    comparison.compare(a, b, isMain: true)
    return comparison.differences
  }

  private mutating func note(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { differences.append(what()) }
  }

  private mutating func compare(_ a: Graph, _ b: Graph, isMain: Bool) {
    if isMain {
      note(a.inputs.map { a[$0].name } == b.inputs.map { b[$0].name }, "names of inputs")
      note(a.outputNames == b.outputNames, "names of outputs: \(a.outputNames) and \(b.outputNames)")
    }
    note(a.inputs.map { a[$0].type } == b.inputs.map { b[$0].type }, "types of inputs")
    note(a.outputs.map { a[$0].type } == b.outputs.map { b[$0].type }, "types of outputs")
    guard a.inputs.count == b.inputs.count, a.captures.count == b.captures.count, a.order.count == b.order.count,
      a.outputs.count == b.outputs.count
    else {
      differences.append("numbers of inputs, captures, nodes or outputs")
      return
    }
    for (x, y) in zip(a.inputs, b.inputs) { partner[x] = y }
    for (x, y) in zip(a.order, b.order) { compare(a[x], b[y], a, b) }
    for (x, y) in zip(a.outputs, b.outputs) { match(x, y, a, b, "output") }
  }

  private mutating func compare(_ x: Node, _ y: Node, _ a: Graph, _ b: Graph) {
    note(x.name == y.name, "names '\(x.name)' and '\(y.name)'")
    note(x.op == y.op, "\(x.name): \(x.op) and \(y.op)")
    note(x.inputs.count == y.inputs.count && x.outputs.count == y.outputs.count, "\(x.name): number of values")
    for (p, q) in zip(x.inputs, y.inputs) { match(p, q, a, b, x.name) }
    for (p, q) in zip(x.outputs, y.outputs) {
      note((p == nil) == (q == nil), "\(x.name): an output is missing")
      if let p, let q {
        partner[p] = q
        note(a[p].type == b[q].type, "\(x.name): type \(a[p].type, default: "none") and \(b[q].type, default: "none")")
      }
    }
    note(x.attributes.keys.sorted() == y.attributes.keys.sorted(), "\(x.name): attributes")
    for (key, attribute) in x.attributes {
      if let other = y.attributes[key] { compare(attribute, other, a, b, "\(x.name).\(key)") }
    }
  }

  private mutating func match(_ p: ValueID?, _ q: ValueID?, _ a: Graph, _ b: Graph, _ place: String) {
    guard let p, let q else { return note(p == nil && q == nil, "\(place): a value is missing") }
    if let known = partner[p] { return note(known == q, "\(place): another value") }
    partner[p] = q
    guard let x = a[p].constant, let y = b[q].constant else {
      return note(false, "\(place): value '\(a[p].name)' has no partner")
    }
    note(a[p].name == b[q].name, "\(place): constants '\(a[p].name)' and '\(b[q].name)'")
    compare(x, y, place)
  }

  private mutating func compare(_ x: Tensor, _ y: Tensor, _ place: String) {
    note(x.dataType == y.dataType && x.shape == y.shape, "\(place): \(x) and \(y)")
    note(x.strings == y.strings, "\(place): strings")
    let equal = x.withBytes { p in y.withBytes { q in p.count == q.count && p.indices.allSatisfy { p[$0] == q[$0] } } }
    note(equal != .some(.some(false)), "\(place): bytes")
  }

  private mutating func compare(_ x: Attribute, _ y: Attribute, _ a: Graph, _ b: Graph, _ place: String) {
    switch (x, y) {
    case (.int(let p), .int(let q)): note(p == q, place)
    case (.float(let p), .float(let q)): note(p.bitPattern == q.bitPattern, place)
    case (.string(let p), .string(let q)): note(p == q, place)
    case (.ints(let p), .ints(let q)): note(p == q, place)
    case (.floats(let p), .floats(let q)): note(p.map(\.bitPattern) == q.map(\.bitPattern), place)
    case (.strings(let p), .strings(let q)): note(p == q, place)
    case (.type(let p), .type(let q)): note(p == q, place)
    case (.tensor(let p), .tensor(let q)): compare(p, q, place)
    case (.tensors(let p), .tensors(let q)):
      note(p.count == q.count, place)
      for (p, q) in zip(p, q) { compare(p, q, place) }
    case (.graph, .graph), (.graphs, .graphs):
      note(x.subgraphs.count == y.subgraphs.count, place)
      for (p, q) in zip(x.subgraphs, y.subgraphs) {
        note(p.captured.count == q.captured.count, "\(place): captures")
        // Captures stand in the order of first use, which the order of attributes changes: their names pair them.
        var inner = GraphComparison()
        for (outer, capture) in zip(p.captured, p.body.captures) {
          guard let i = q.captured.firstIndex(where: { b[$0].name == a[outer].name }) else {
            note(false, "\(place): capture '\(a[outer].name)'")
            continue
          }
          match(outer, q.captured[i], a, b, "\(place), capture")
          inner.partner[capture] = q.body.captures[i]
        }
        inner.compare(p.body, q.body, isMain: false)
        differences += inner.differences.map { "\(place): \($0)" }
      }
    default: note(false, "\(place): \(x.kind) and \(y.kind)")
    }
  }
}
