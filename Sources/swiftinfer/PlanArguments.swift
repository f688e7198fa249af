import ArgumentParser
import Engine

/// An option that is on or off.
enum Switch: String, CaseIterable, ExpressibleByArgument {
  case on, off
}

extension PlanOptions.Tuning: ExpressibleByArgument {}

/// How plans are made: shared by the commands that run models.
struct PlanArguments: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Let passes rewrite the graph.")
  var optimize = true

  @Option(help: ArgumentHelp("Winograd's convolutions, which round more than direct sums.", valueName: "on|off"))
  var winograd = Switch.on

  @Option(
    help: ArgumentHelp(
      "Choose kernels by measuring them; what is measured is kept for this processor.", valueName: "effort"))
  var tune = PlanOptions.Tuning.off

  @Option(
    help: ArgumentHelp(
      "Leave out tokens that a mask hides at the end of all texts, where no output depends on them.",
      valueName: "on|off"))
  var paddingSkip = Switch.on

  /// What the arguments say.
  var options: PlanOptions {
    PlanOptions(optimize: optimize, winograd: winograd == .on, tuning: tune, skipPadding: paddingSkip == .on)
  }
}
