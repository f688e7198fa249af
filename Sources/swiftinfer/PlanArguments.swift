import ArgumentParser
import Bench
import Engine

/// An option that is on or off.
enum Switch: String, CaseIterable, ExpressibleByArgument {
  case on, off
}

extension PlanOptions.Tuning: ExpressibleByArgument {}

/// How plans are made: shared by the commands that run models.
struct PlanArguments: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Let passes rewrite the graph. (default: --optimize)")
  private var optimize: Bool?

  @Option(
    help: ArgumentHelp(
      "Winograd's and Strassen's algorithms, which round more than direct sums. (default: on)", valueName: "on|off"))
  private var winograd: Switch?

  @Option(
    help: ArgumentHelp(
      "Choose kernels by measuring them; what is measured is kept for this processor. (default: off)",
      valueName: "effort"))
  private var tune: PlanOptions.Tuning?

  @Option(
    help: ArgumentHelp(
      "Leave out tokens that a mask hides at the end of all texts, where no output depends on them. (default: on)",
      valueName: "on|off"))
  private var paddingSkip: Switch?

  /// What the arguments say.
  var options: PlanOptions {
    PlanOptions(
      optimize: optimize ?? true, winograd: winograd != .off, tuning: tune ?? .off, skipPadding: paddingSkip != .off)
  }

  /// What the arguments say of a model that the user named.
  ///
  /// - Throws: `BenchError.unusable` for choices about a plan file, which has its own.
  func options(for reference: ModelReference) throws -> PlanOptions {
    let given: [(String, Bool)] = [
      ("--optimize, --no-optimize", optimize != nil), ("--winograd", winograd != nil), ("--tune", tune != nil),
      ("--padding-skip", paddingSkip != nil),
    ]
    if let (name, _) = given.first(where: \.1), reference.isPlan {
      throw BenchError.unusable(
        argument: name,
        reason: "\(reference.text) is a plan file and has its own choice; compile the model with this one")
    }
    return options
  }
}

/// Whether plans are kept as files: shared by the commands that run models again and again.
struct PlanCacheArgument: ParsableArguments {
  @Flag(
    name: .customLong("plan-cache"),
    help: "Take the model's plan from the cache folder; make and keep it there if it is not there, or stale.")
  var isUsed = false

  /// Where plans are kept; nil where they are not to be.
  ///
  /// - Throws: `BenchError.unusable` for a model of the zoo.
  func store(for reference: ModelReference) throws -> PlanStore? {
    guard isUsed, !reference.isPlan else { return nil }
    if case .zoo(let model) = reference {
      throw BenchError.unusable(
        argument: "--plan-cache",
        reason: "zoo:\(model.name) is no file; write one by 'swiftinfer zoo build \(model.name) -o \(model.name).onnx'")
    }
    return PlanStore()
  }

  /// Tells the user why a plan was made anew or is not kept.
  static func note(_ text: String) { Console.error("swiftinfer: note: \(text)") }
}
