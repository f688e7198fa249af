import Foundation
import Graph

/// Finds activations that exporters spell out in elementary operators, whatever the spelling.
///
/// `Mul(x, Mul(0.5, Add(Erf(Div(x, 1.4142)), 1)))` and a dozen other orders of the same terms are all GELU. Rather than list
/// them, the pass collects the elementwise nodes through which a single value `x` reaches a product, computes that piece of
/// graph at sample points with the operators' own references, and compares the results with the known functions.
/// Samples cover both signs from 1e-6 to 1e4, and lie on both sides of every constant in the piece, so that a bend
/// anywhere shows.
struct ActivationRecognition: GraphPass {
  /// Operators that a piece may consist of.
  private static let elementwise: Set = [
    "Add", "Sub", "Mul", "Div", "Pow", "Neg", "Exp", "Erf", "Tanh", "Sigmoid", "Sqrt", "Reciprocal", "Clip", "Relu",
    "Min", "Max", "Softplus", "HardSigmoid", "Log",
  ]
  /// Operators with which a piece may end, and one of which it must hold.
  private static let ends: Set = ["Mul", "Div"]
  private static let signatures: Set = [
    "Erf", "Tanh", "Sigmoid", "Exp", "Clip", "HardSigmoid", "Softplus", "Min", "Relu",
  ]
  /// Nodes that a piece may have: the longest known spelling has 9.
  private static let largest = 12

  func run(on graph: inout Graph) throws(GraphError) {
    for id in graph.order.reversed() where graph.contains(id) {
      guard let output = graph[id].outputs.first ?? nil, Self.isElementwise(graph[id]), graph.isFloat(output),
        Self.ends.contains(graph[id].op.name), let piece = try recognized(endingIn: id, in: graph)
      else { continue }
      graph.replace(
        id,
        with: Node(
          piece.function.op, name: graph[id].name, inputs: [piece.input], outputs: [output],
          attributes: piece.function.attributes))
    }
  }

  private static func isElementwise(_ node: Node) -> Bool {
    node.op.domain.isEmpty && elementwise.contains(node.op.name) && node.outputs.count == 1
  }

  /// Grows a piece upwards from its last node, and tests it whenever a single value enters it.
  private func recognized(
    endingIn last: NodeID, in graph: Graph
  ) throws(GraphError) -> (input: ValueID, function: KnownFunction)? {
    var piece: [NodeID] = [last]
    let rank = Dictionary(uniqueKeysWithValues: graph.order.enumerated().map { ($1, $0) })
    while piece.count <= Self.largest {
      let inside = Set(piece)
      let entering = Set(
        piece.flatMap { graph[$0].inputs.compactMap { $0 } }.filter { value in
          graph.scalar(value) == nil && !(graph.producer(of: value).map(inside.contains) ?? false)
        })
      if entering.count == 1, let input = entering.first, graph.isFloat(input),
        piece.contains(where: { Self.signatures.contains(graph[$0].op.name) }),
        let function = try KnownFunction.matching(Self.evaluator(of: piece, from: input, in: graph))
      {
        return (input, function)
      }
      // The value that is computed last cannot be the input of the rest: its writer joins the piece.
      let next = entering.compactMap(graph.producer(of:)).max { (rank[$0] ?? 0) < (rank[$1] ?? 0) }
      guard let next, Self.isElementwise(graph[next]), let value = graph[next].outputs[0],
        graph.consumers(of: value).allSatisfy(inside.contains), !graph.isOutput(value)
      else { return nil }
      piece.insert(next, at: 0)
    }
    return nil
  }

  /// The piece as a function of its input, computed by the references of its operators.
  private static func evaluator(
    of piece: [NodeID], from input: ValueID, in graph: Graph
  ) -> KnownFunction.Candidate {
    let constants = piece.flatMap { graph[$0].inputs }.compactMap { graph.scalar($0) }
    return KnownFunction.Candidate(constants: constants) { samples throws(GraphError) in
      var values: [ValueID: Tensor] = [input: Tensor(shape: [samples.count], samples)]
      var result: Tensor?
      for id in piece {
        let node = graph[id]
        let inputs = node.inputs.map { $0.flatMap { values[$0] ?? graph[$0].constant?.reshaped([]) } }
        let evaluation = Evaluation(node: node, inputs: inputs.map { $0.map(RuntimeValue.tensor) })
        let lowering = try LoweringRegistry.standard.lowering(for: node)
        result = try lowering.evaluate(evaluation).first?.tensor
        if let output = node.outputs[0], let result { values[output] = result }
      }
      return result?.elements(Float.self) ?? []
    }
  }
}

/// A function of one number that has an operator of its own.
struct KnownFunction {
  /// A piece of graph as a function.
  struct Candidate {
    /// Numbers in the piece, near which it may bend.
    let constants: [Float]
    let evaluate: ([Float]) throws(GraphError) -> [Float]
  }

  /// The operator.
  let op: OperatorID
  /// Its configuration.
  let attributes: [String: Attribute]
  /// Its value in double precision.
  private let value: @Sendable (Double) -> Double

  private static let all: [KnownFunction] = [
    KnownFunction(op: OperatorID("Gelu", version: 20), attributes: [:]) { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) },
    KnownFunction(op: OperatorID("Gelu", version: 20), attributes: ["approximate": .string("tanh")]) { x in
      0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    },
    KnownFunction(op: OperatorID("Swish", version: 24), attributes: [:]) { $0 / (1 + exp(-$0)) },
    KnownFunction(op: OperatorID("HardSwish", version: 14), attributes: [:]) { $0 * min(max($0 / 6 + 0.5, 0), 1) },
    KnownFunction(op: OperatorID("Mish", version: 18), attributes: [:]) { x in
      x * tanh(x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
    },
  ]

  /// The known function that a candidate equals at every sample, if there is one.
  static func matching(_ candidate: Candidate) throws(GraphError) -> KnownFunction? {
    let samples = samples(around: candidate.constants)
    let found = try candidate.evaluate(samples)
    guard found.count == samples.count else { return nil }
    return all.first { function in
      zip(samples, found).allSatisfy { function.agrees(at: $0, with: $1) }
    }
  }

  /// Spellings round differently: sums such as 1 + erf(x) lose the digits that a tail has beyond 2^-24 of |x|.
  private func agrees(at x: Float, with found: Float) -> Bool {
    let exact = value(Double(x))
    return abs(Double(found) - exact) <= 4e-6 * abs(exact) + 1e-6 * max(1e-6, Double(abs(x)))
  }

  private static func samples(around constants: [Float]) -> [Float] {
    var samples: [Float] = [0]
    for magnitude in stride(from: Float(-6), through: 4, by: 0.05) {
      let x = pow(10, magnitude)
      samples += [x, -x]
    }
    // Whatever a piece is bounded by shows beyond the bound.
    for magnitude in stride(from: Float(4.5), through: 37, by: 0.5) {
      let x = pow(10, magnitude)
      samples += [x, -x]
    }
    for constant in constants where constant.isFinite && abs(constant) < 1e6 {
      for shift in [-0.01, 0.01, -1, 1] as [Float] { samples += [constant + shift, -constant + shift] }
    }
    return samples
  }
}
