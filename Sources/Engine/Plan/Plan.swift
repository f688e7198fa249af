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
  /// The constants that steps read, at aligned addresses.
  var constants: [Tensor] = []
  /// The steps, in the order in which they run.
  var steps: [Step] = []
  /// Slots of the inputs, then of the captures.
  var inputs: [Int] = []
  /// Slots of the outputs.
  var outputs: [Int] = []
  /// Bytes of the arena: every intermediate value and all scratch memory.
  public internal(set) var arenaByteCount = 0
}

extension Plan {
  /// The operators that the steps compute, in order; nodes that need no step are not among them.
  public var operations: [String] { steps.map(\.operation) }
  /// The kernels that the steps run, in order; `reference` where none covers a node.
  public var kernels: [String] { steps.map(\.kernel) }
}

extension Plan: CustomStringConvertible {
  /// A table of the steps: node, operation, kernel, shape of the output, place in memory.
  public var description: String {
    let rows = steps.enumerated().map { index, step in
      let output = step.writes.first.map { slots[$0] }
      return [
        "\(index)", step.node, step.operation, step.kernel, output?.type?.description ?? "",
        output.map { "\($0.placement)" } ?? "",
      ]
    }
    let header = ["step", "node", "operation", "kernel", "output", "placement"]
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    let lines = ([header] + rows).map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }
    return (lines + ["\(steps.count) steps, arena \(arenaByteCount) bytes"]).joined(separator: "\n")
  }
}
