import Engine

extension PlanOptions {
  /// The command line's options that mean the same, for a process that is to make the same plans.
  public var commandLineArguments: [String] {
    [
      optimize ? "--optimize" : "--no-optimize", "--winograd", winograd ? "on" : "off", "--tune", tuning.rawValue,
      "--padding-skip", skipPadding ? "on" : "off",
    ]
  }
}
