import Foundation
import Graph

/// A model compiled for inputs of given types: steps in order, and a place in memory for every value.
///
/// Made by `PlanCompiler`, run by `PlanExecutor`. Immutable, so that any number of threads may run it.
public struct Plan: Sendable {
  /// Where a value's elements are during a run.
  enum Placement: Sendable, Equatable {
    /// Given by the caller: the index of the input.
    case input(Int)
    /// Known when the plan was made: the index into `constants`.
    case constant(Int)
    /// In the arena, at this offset.
    case arena(Int)
    /// A tensor of its own, because only running tells its shape, or because its elements have no fixed size.
    case heap
  }

  /// A value of the plan.
  struct Slot: Sendable {
    let name: String
    let type: ValueType?
    var placement: Placement

    /// Bytes of its elements, if its shape is known and its elements have a fixed size.
    var byteCount: Int? {
      guard case .tensor(let dataType, let shape?) = type, dataType != .string, let count = shape.count else {
        return nil
      }
      return dataType.byteCount(elements: count)
    }
  }

  /// The values.
  var slots: [Slot] = []
  /// The constants that steps read, at addresses that their kernels can read.
  package var constants: [Tensor] = []
  /// The steps, in the order in which they run.
  var steps: [Step] = []
  /// Slots of the inputs, then of the captures.
  var inputs: [Int] = []
  /// Slots of the outputs.
  var outputs: [Int] = []
  /// Constants of the graph that steps use in packed form alone.
  var onlyPacked: Set<ValueID> = []
  /// Bytes of the arena: every intermediate value and all scratch memory.
  public internal(set) var arenaByteCount = 0
  /// The input whose zeros at the end of every row make a request shorter.
  ///
  /// Tokens behind them are not computed. Nil if the graph does not show that nothing depends on them, or
  /// `PlanOptions.skipPadding` is off.
  public internal(set) var paddingMask: String?
}

extension Plan {
  /// The operators that the steps compute, in order; nodes that need no step are not among them.
  public var operations: [String] { steps.map(\.operation) }
  /// The kernels that the steps run, in order; `reference` where none covers a node.
  public var kernels: [String] { steps.map(\.kernel) }
}

/// What a step of a plan is, for people and programs that look at plans.
public struct StepDescription: Sendable, Equatable {
  /// The node that the step computes, or the last of those fused into it.
  public let node: String
  /// The operator, and what was fused with it.
  public let operation: String
  /// The kernel's name; `reference` where no kernel covers the node.
  public let kernel: String
  /// Type and shape of the first output, as far as the plan knows them.
  public let output: ValueType?
  /// Where the first output is during a run, such as `arena(4928)`.
  public let placement: String
  /// What was measured to choose the kernel; nil where nothing was.
  public let measurement: LayerMeasurement?
}

extension Plan {
  /// The steps in order.
  public var stepDescriptions: [StepDescription] {
    steps.map { step in
      let output = step.writes.first.map { slots[$0] }
      return StepDescription(
        node: step.node, operation: step.operation, kernel: step.kernel, output: output?.type,
        placement: output.map { "\($0.placement)" } ?? "", measurement: step.measurement)
    }
  }
}

extension Plan: CustomStringConvertible {
  /// A table of the steps: node, operation, kernel, shape of the output, place in memory; where kernels were measured, their
  /// times.
  public var description: String {
    let descriptions = stepDescriptions
    let isTuned = descriptions.contains { $0.measurement != nil }
    let rows = descriptions.enumerated().map { index, step in
      [
        "\(index)", step.node, step.operation, step.kernel, step.output?.description ?? "", step.placement,
      ] + (isTuned ? [step.measurement?.description ?? ""] : [])
    }
    let header =
      ["step", "node", "operation", "kernel", "output", "placement"] + (isTuned ? ["measured, microseconds"] : [])
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    let lines = ([header] + rows).map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }
    let padding = paddingMask.map { ["tokens hidden by '\($0)' at the end of all rows are skipped"] } ?? []
    return (lines + ["\(steps.count) steps, arena \(arenaByteCount) bytes"] + padding).joined(separator: "\n")
  }
}
