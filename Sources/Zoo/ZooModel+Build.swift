import Graph

extension ZooModel {
  /// The seed of the weights that is used if none is given.
  public static let defaultSeed: UInt64 = 20_240_229

  /// Builds the model.
  ///
  /// - Parameters:
  ///   - seed: distinguishes weights; equal seeds give equal weights on every machine.
  ///   - batch: inputs that run together; `.symbol("batch")` leaves the number open.
  ///   - tokens: length of the texts, 128 if none is given (32 for the tiny encoder); `.symbol("sequence")` leaves it open.
  ///     Without effect for images.
  /// - Throws: `ZooError.invalidSize` for sizes below 1, or texts beyond the model's positions.
  public func build(
    seed: UInt64 = defaultSeed, batch: Dimension = 1, tokens: Dimension? = nil
  ) throws(ZooError) -> Model {
    try checkSize(batch, "batch", within: 1...Int(Int32.max))
    try checkSize(tokens, "tokens", within: 1...(maximumTokens ?? Int(Int32.max)))
    let network = architecture.build(
      batch: batch, tokens: tokens ?? .known(defaultTokens ?? 1), weights: SeededWeights(seed: seed))
    return Model(
      graph: network.graph, opsets: ["": NetworkBuilder.opset],
      metadata: ["seed": "\(seed)", "parameters": "\(network.parameterCount)"], source: "zoo:\(name)")
  }

  /// Names, element types and shapes of the inputs as they are built by default, such as `input float[1x3x224x224]`.
  public var inputDescription: String {
    switch architecture {
    case let encoder as TransformerEncoder: "\(encoder.inputNames.joined(separator: ", ")) int64[1x\(encoder.tokens)]"
    case let network as ResNet: "input float[1x3x\(network.imageSize)x\(network.imageSize)]"
    default: "input float[1x3x\(MobileNetV2.imageSize)x\(MobileNetV2.imageSize)]"
    }
  }

  /// Length of a text as it is built by default; nil for images.
  public var defaultTokens: Int? { (architecture as? TransformerEncoder)?.tokens }

  /// Longest text; nil for images.
  public var maximumTokens: Int? { (architecture as? TransformerEncoder)?.maximumTokens }

  /// Tokens that a text may hold are below this number; nil for images.
  public var vocabularySize: Int? { (architecture as? TransformerEncoder)?.vocabulary }

  private func checkSize(_ size: Dimension?, _ dimension: String, within range: ClosedRange<Int>) throws(ZooError) {
    guard let size = size?.size, !range.contains(size) else { return }
    throw .invalidSize(
      model: self, dimension: dimension, expected: "\(range.lowerBound) to \(range.upperBound)", found: size)
  }
}
