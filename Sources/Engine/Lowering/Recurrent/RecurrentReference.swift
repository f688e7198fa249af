import Graph

/// One step of a recurrent network for one item of the batch.
protocol RecurrentCell: SendableMetatype {
  /// Rows of weights for each hidden element.
  static var gates: Int { get }
  /// The functions that the node does not name.
  static var activations: [String] { get }
  /// Computes the states of one step.
  ///
  /// - Parameters:
  ///   - input: the input's product with W plus its bias, [gates * hidden].
  ///   - weights: what the cell needs beside.
  ///   - hidden: the state, rewritten.
  ///   - cell: the state of an LSTM's cell, rewritten.
  static func step<R: RealElement>(
    input: [R], weights: RecurrentWeights<R>, hidden: inout [R], cell: inout [R])
}

/// Weights of one direction.
struct RecurrentWeights<R: RealElement> {
  /// Weights of the state, [gates * hidden, hidden].
  let recurrence: [R]
  /// Bias of the state's product, [gates * hidden].
  let bias: [R]
  /// Weights from an LSTM's cell to its gates, [3 * hidden]; zeros if there are none.
  let peepholes: [R]
  /// The functions of the cell.
  let activations: [RecurrentActivation<R>]
  /// A bound on what goes into the functions; infinity if there is none.
  let clip: R
  /// The size of the state.
  let hidden: Int
  /// GRU: whether the reset gate applies behind the product.
  let resetsLast: Bool
  /// LSTM: whether the forget gate is what the input gate leaves.
  let couplesGates: Bool

  /// One row of the recurrence times a state.
  @inline(__always)
  func product(_ row: Int, _ state: [R]) -> R {
    var sum: R = 0
    for i in 0..<hidden { sum += recurrence[row * hidden + i] * state[i] }
    return sum
  }

  /// A function of a bounded number.
  @inline(__always)
  func activate(_ index: Int, _ x: R) -> R { activations[index](x > clip ? clip : x < -clip ? -clip : x) }
}

/// Walks along sequences, forward, backward or both ways.

///

/// ONNX, "RNN", "GRU", "LSTM".
enum RecurrentReference<Cell: RecurrentCell>: RealReference {
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let context = node.context
    let type = try node.tensor(0).dataType
    let batchFirst = try context.bool("layout", default: false)
    let shape = try node.tensor(0).shape, hidden = try node.tensor(2).shape[2]
    let (steps, batch, width) = (shape[batchFirst ? 1 : 0], shape[batchFirst ? 0 : 1], shape[2])
    let directions = try context.recurrentDirections()
    let backwardFirst = try context.string("direction", default: "forward") == "reverse"
    let rows = Cell.gates * hidden
    let x = try node.values(0, as: real), w = try node.values(1, as: real)
    let bias = try node.optionalValues(3, as: real)
    let lengths = try node.optionalValues(4, as: Int64.self)
    if let lengths, lengths.contains(where: { $0 < 0 || $0 > steps }) {
      throw node.badValue(4, expected: "lengths of 0 to \(steps)", found: lengths)
    }
    let initialHidden = try node.optionalValues(5, as: real)
    let initialCell = Cell.gates == 4 ? try node.optionalValues(6, as: real) : nil
    let weights = try weights(node, directions: directions, hidden: hidden, as: real)

    let all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    let last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    var states = try node.filled(R.zero, shape: all)
    var finalHidden = try node.filled(R.zero, shape: last), finalCell = finalHidden
    func place(_ direction: Int, _ item: Int) -> Int {
      (batchFirst ? item * directions + direction : direction * batch + item) * hidden
    }
    var input = [R](repeating: 0, count: rows)
    for direction in 0..<directions {
      for item in 0..<batch {
        let start = place(direction, item)
        var state = initialHidden.map { Array($0[start..<(start + hidden)]) } ?? [R](repeating: 0, count: hidden)
        var cell = initialCell.map { Array($0[start..<(start + hidden)]) } ?? [R](repeating: 0, count: hidden)
        let length = lengths.map { Int($0[item]) } ?? steps
        for index in 0..<length {
          let step = (direction == 1) != backwardFirst ? length - 1 - index : index
          let source = (batchFirst ? item * steps + step : step * batch + item) * width
          for row in 0..<rows { input[row] = bias?[direction * 2 * rows + row] ?? 0 }
          RecurrentProduct.add(w, from: direction * rows * width, times: x, from: source, width: width, to: &input)
          Cell.step(input: input, weights: weights[direction], hidden: &state, cell: &cell)
          let target =
            (batchFirst
              ? (item * steps + step) * directions + direction : (step * directions + direction) * batch + item)
            * hidden
          for i in 0..<hidden { states[target + i] = state[i] }
        }
        for i in 0..<hidden {
          finalHidden[start + i] = state[i]
          finalCell[start + i] = cell[i]
        }
      }
    }
    return [
      try node.result(states, shape: all, type: type), try node.result(finalHidden, shape: last, type: type),
      try node.result(finalCell, shape: last, type: type),
    ]
  }

  private static func weights<R: RealElement>(
    _ node: Evaluation, directions: Int, hidden: Int, as real: R.Type
  ) throws(GraphError) -> [RecurrentWeights<R>] {
    let rows = Cell.gates * hidden
    let recurrence = try node.values(2, as: real)
    let bias = try node.optionalValues(3, as: real)
    let peepholes = Cell.gates == 4 ? try node.optionalValues(7, as: real) : nil
    let activations = try RecurrentActivation<R>.all(node, directions: directions, defaults: Cell.activations)
    let clip = try node.context.hasAttribute("clip") ? R(node.context.float("clip")) : .infinity
    let resetsLast = try node.context.bool("linear_before_reset", default: false)
    let couplesGates = try node.context.bool("input_forget", default: false)
    return (0..<directions).map { d in
      RecurrentWeights(
        recurrence: Array(recurrence[(d * rows * hidden)..<((d + 1) * rows * hidden)]),
        bias: bias.map { Array($0[((2 * d + 1) * rows)..<((2 * d + 2) * rows)]) } ?? Array(repeating: 0, count: rows),
        peepholes: peepholes.map { Array($0[(d * 3 * hidden)..<((d + 1) * 3 * hidden)]) }
          ?? Array(repeating: 0, count: 3 * hidden),
        activations: activations[d], clip: clip > 0 ? clip : .infinity, hidden: hidden, resetsLast: resetsLast,
        couplesGates: couplesGates)
    }
  }
}

/// The product of weights and an input.
enum RecurrentProduct {
  /// Adds the product of a matrix of `width` columns and a vector to as many sums as it has rows.
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func add<R: RealElement>(
    _ matrix: [R], from first: Int, times vector: [R], from start: Int, width: Int, to sums: inout [R]
  ) {
    for row in sums.indices {
      var sum: R = 0
      for i in 0..<width { sum += matrix[first + row * width + i] * vector[start + i] }
      sums[row] += sum
    }
  }
}

/// h = f(Wx + Rh).
enum RNNCell: RecurrentCell {
  static let gates = 1
  static let activations = ["Tanh"]

  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func step<R: RealElement>(
    input: [R], weights: RecurrentWeights<R>, hidden: inout [R], cell: inout [R]
  ) {
    let old = hidden
    for i in hidden.indices {
      hidden[i] = weights.activate(0, input[i] + weights.product(i, old) + weights.bias[i])
    }
  }
}

/// Gates update and reset, in this order, then the candidate.

///
/// Cho and others (2014).
enum GRUCell: RecurrentCell {
  static let gates = 3
  static let activations = ["Sigmoid", "Tanh"]

  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func step<R: RealElement>(
    input: [R], weights: RecurrentWeights<R>, hidden: inout [R], cell: inout [R]
  ) {
    let n = weights.hidden
    let old = hidden
    func gate(_ i: Int) -> R {
      weights.activate(0, input[i] + weights.product(i, old) + weights.bias[i])
    }
    let reset = (0..<n).map { gate(n + $0) }
    let kept = weights.resetsLast ? old : (0..<n).map { reset[$0] * old[$0] }
    for i in 0..<n {
      let update = gate(i)
      var recurrent = weights.product(2 * n + i, kept) + weights.bias[2 * n + i]
      if weights.resetsLast { recurrent *= reset[i] }
      let candidate = weights.activate(1, input[2 * n + i] + recurrent)
      hidden[i] = (1 - update) * candidate + update * old[i]
    }
  }
}

/// Gates input, output and forget, in this order, then the candidate.

///

/// Hochreiter and Schmidhuber (1997), with peepholes.
enum LSTMCell: RecurrentCell {
  static let gates = 4
  static let activations = ["Sigmoid", "Tanh", "Tanh"]

  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func step<R: RealElement>(
    input: [R], weights: RecurrentWeights<R>, hidden: inout [R], cell: inout [R]
  ) {
    let n = weights.hidden
    let old = hidden
    func sum(_ row: Int) -> R { input[row] + weights.product(row, old) + weights.bias[row] }
    for i in 0..<n {
      let enter = weights.activate(0, sum(i) + weights.peepholes[i] * cell[i])
      let forget =
        weights.couplesGates ? 1 - enter : weights.activate(0, sum(2 * n + i) + weights.peepholes[2 * n + i] * cell[i])
      cell[i] = forget * cell[i] + enter * weights.activate(1, sum(3 * n + i))
      let leave = weights.activate(0, sum(n + i) + weights.peepholes[n + i] * cell[i])
      hidden[i] = leave * weights.activations[2](cell[i])
    }
  }
}
