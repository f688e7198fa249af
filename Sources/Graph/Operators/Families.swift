extension OperatorRegistry {
  /// Every operator that is built in: the families, one line each.
  public static let standard = OperatorRegistry(
    [
      OperatorSchema.activation
    ].flatMap { $0 })
}
