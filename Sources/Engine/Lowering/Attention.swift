import Graph

extension Lowering {
  /// Attention and what prepares its inputs.
  static let attention: [Lowering] = [
    Lowering("Attention", real: AttentionReference.self),
    Lowering("FlexAttention", domain: "ai.onnx.preview", real: FlexAttentionReference.self),
    Lowering("RotaryEmbedding", real: RotaryEmbeddingReference.self),
    Lowering("LinearAttention", real: LinearAttentionReference.self),
    Lowering("CausalConvWithState", real: CausalConvReference.self),
  ]
}
