extension LoweringRegistry {
  /// Every operator that is built in: the families, one line each.
  public static let standard = LoweringRegistry(
    [
      Lowering.elementwise,
      Lowering.activation,
      Lowering.convolution,
      Lowering.pooling,
      Lowering.matrix,
      Lowering.normalization,
      Lowering.fused,
    ].flatMap { $0 })
}
