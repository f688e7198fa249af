extension LoweringRegistry {
  /// Every operator that is built in: the families, one line each.
  public static let standard = LoweringRegistry(
    [
      Lowering.activation
    ].flatMap { $0 })
}
