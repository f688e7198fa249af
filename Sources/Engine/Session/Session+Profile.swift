import Graph

/// What one step of a plan does, and how long it took.
public struct StepProfile: Sendable {
  /// The node that the step computes, or the last of those fused into it.
  public let node: String
  /// The operator, and what was fused with it.
  public let operation: String
  /// The kernel's name; `reference` where no kernel covers the node.
  public let kernel: String
  /// Type and shape of the first output, as far as the plan knows them.
  public let output: ValueType?
  /// Multiply-accumulate operations.
  public let macs: Int
  /// Time that it took.
  public let duration: Duration
}

extension Session {
  /// The name of the kernels that the session uses, such as `avx2`.
  public var instructionSetName: String { compiler.kernels.table.name }

  /// Runs the model and tells the time of each step, in order; the clock costs some tens of nanoseconds a step.
  ///
  /// - Throws: `EngineError` naming the input, or the node, that does not fit.
  public func profile(_ inputs: [String: RuntimeValue]) throws(EngineError) -> [StepProfile] {
    let (executor, arguments) = try prepared(inputs)
    var profiles: [StepProfile] = []
    do throws(GraphError) {
      _ = try executor.run(arguments) { plan, index, duration in
        let step = plan.steps[index]
        profiles.append(
          StepProfile(
            node: step.node, operation: step.operation, kernel: step.kernel,
            output: step.writes.first.flatMap { plan.slots[$0].type }, macs: step.macs, duration: duration))
      }
    } catch {
      throw .model(source: compiled.model.source, error)
    }
    return profiles
  }
}
