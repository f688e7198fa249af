extension OperatorRegistry {
  /// Every operator that is built in: the families, one line each.
  public static let standard = OperatorRegistry(
    [
      OperatorSchema.elementwise,
      OperatorSchema.activation,
      OperatorSchema.shape,
      OperatorSchema.movement,
      OperatorSchema.indexing,
      OperatorSchema.creation,
      OperatorSchema.random,
      OperatorSchema.reduction,
      OperatorSchema.control,
      OperatorSchema.containers,
      OperatorSchema.text,
      OperatorSchema.classicalLearning,
      OperatorSchema.training,
      OperatorSchema.convolution,
      OperatorSchema.pooling,
      OperatorSchema.normalization,
      OperatorSchema.matrix,
      OperatorSchema.attention,
      OperatorSchema.recurrent,
      OperatorSchema.quantization,
      OperatorSchema.image,
      OperatorSchema.signal,
      OperatorSchema.loss,
      OperatorSchema.contributed,
      OperatorSchema.fused,
    ].flatMap { $0 })
}
