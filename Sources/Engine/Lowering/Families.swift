extension LoweringRegistry {
  /// Every operator that is built in: the families, one line each.
  public static let standard = LoweringRegistry(
    [
      Lowering.elementwise,
      Lowering.activation,
      Lowering.shape,
      Lowering.movement,
      Lowering.indexing,
      Lowering.creation,
      Lowering.random,
      Lowering.reduction,
      Lowering.control,
      Lowering.containers,
      Lowering.text,
      Lowering.classicalLearning,
      Lowering.training,
      Lowering.convolution,
      Lowering.pooling,
      Lowering.matrix,
      Lowering.normalization,
      Lowering.attention,
      Lowering.recurrent,
      Lowering.image,
      Lowering.signal,
      Lowering.quantization,
      Lowering.loss,
      Lowering.contributed,
      Lowering.fused,
    ].flatMap { $0 })
}
