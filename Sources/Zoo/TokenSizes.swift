import Graph

/// A dimension of a shape inside an encoder.
enum TokenSize {
  /// Texts that are run together.
  case batch
  /// Tokens of each text.
  case tokens
  /// What is left of the elements: -1 for `Reshape`, no change for `Expand`.
  case inferred
  /// A size of the architecture.
  case known(Int)
}

/// Shapes and ranges over the batch and the tokens.
///
/// For an input of known shape they are constants, as in the file that PyTorch exports for such an input. For symbolic sizes a
/// few nodes compute them from the shape of the input, under the same names; all other nodes stay as they are. (PyTorch then
/// repeats such computations in each layer instead.)
struct TokenSizes {
  private let batch: Dimension
  private let tokens: Dimension
  private let input: ValueID
  private var inputShape: ValueID?

  /// Describes inputs, [batch x tokens].
  init(batch: Dimension, tokens: Dimension, input: ValueID) {
    self.batch = batch
    self.tokens = tokens
    self.input = input
  }

  /// A shape for a `Reshape` that leaves batch and tokens where they are or splits what is between: symbolic sizes are 0,
  /// which means "as in the input".
  func reshaping(_ shape: [TokenSize], in scope: String, of network: inout NetworkBuilder) -> ValueID {
    network.constant(shape.map { known($0) ?? 0 }, in: scope)
  }

  /// A shape for other uses.
  mutating func shape(_ shape: [TokenSize], in scope: String, of network: inout NetworkBuilder) -> ValueID {
    let sizes = shape.map(known)
    if sizes.allSatisfy({ $0 != nil }) { return network.constant(sizes.compactMap { $0 }, in: scope) }
    let parts = shape.map { size in
      known(size).map { network.constant([$0], in: Self.scope) } ?? vector(size, of: &network)
    }
    return network.apply(
      "Concat", in: Self.scope, parts, attributes: ["axis": .int(0)], output: network.constantName(in: scope))
  }

  /// The numbers 0, 1, 2, … of all texts or all tokens, in a given shape.
  mutating func range(
    _ size: TokenSize, shape: [Int], in scope: String, of network: inout NetworkBuilder
  ) -> ValueID {
    if let count = known(size) {
      let tensor = Tensor(shape: [count], (0..<Int64(count)).map { $0 })
      return network.constant(tensor.reshaped(shape.map { $0 == -1 ? count : $0 }), in: scope)
    }
    let first = network.constant(0, in: Self.scope)
    let step = network.constant(1, in: Self.scope)
    let numbers = network.apply("Range", in: Self.scope, first, scalar(size, of: &network), step)
    return network.apply(
      "Reshape", in: Self.scope, numbers, network.constant(shape, in: Self.scope), attributes: ["allowzero": .int(0)],
      output: network.constantName(in: scope))
  }

  private static let scope = "/sizes"

  private func known(_ size: TokenSize) -> Int? {
    switch size {
    case .batch: batch.size
    case .tokens: tokens.size
    case .inferred: -1
    case .known(let size): size
    }
  }

  private mutating func vector(_ size: TokenSize, of network: inout NetworkBuilder) -> ValueID {
    gather(network.constant([axis(of: size)], in: Self.scope), of: &network)
  }

  private mutating func scalar(_ size: TokenSize, of network: inout NetworkBuilder) -> ValueID {
    gather(network.constant(axis(of: size), in: Self.scope), of: &network)
  }

  private mutating func gather(_ axis: ValueID, of network: inout NetworkBuilder) -> ValueID {
    let shape = inputShape ?? network.apply("Shape", in: Self.scope, input)
    inputShape = shape
    return network.apply("Gather", in: Self.scope, shape, axis, attributes: ["axis": .int(0)])
  }

  private func axis(of size: TokenSize) -> Int {
    if case .batch = size { 0 } else { 1 }
  }
}
