import Graph

extension Lowering {
  /// Attention and what prepares its inputs.
  static let attention: [Lowering] = [
    Lowering("Attention", real: AttentionReference.self),
    Lowering("FlexAttention", domain: "ai.onnx.preview", real: FlexAttentionReference.self),
    Lowering("RotaryEmbedding", real: RotaryEmbeddingReference.self),
    Lowering("LinearAttention", real: LinearAttentionReference.self),
    Lowering("CausalConvWithState", real: CausalConvReference.self),
    Lowering("SwiGLU", real: SwishGateReference.self),
  ]
}

/// a * sigmoid(alpha * a) * b.
///
/// ONNX, "SwiGLU" (28).
enum SwishGateReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    var values = try node.values(0, as: real)
    let gated = try node.values(1, as: real)
    let alpha = R(try node.context.float("alpha", default: 1))
    for i in values.indices { values[i] = values[i] / (1 + (-alpha * values[i]).exponential) * gated[i] }
    return [try node.result(values, shape: try node.tensor(0).shape, type: try node.tensor(0).dataType)]
  }
}
