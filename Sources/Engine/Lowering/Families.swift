extension LoweringRegistry {
  /// Every operator that is built in: the families, one line each.
  public static let standard = LoweringRegistry(
    [
      Lowering.elementwise,
      Lowering.activation,
    ].flatMap { $0 })
}
