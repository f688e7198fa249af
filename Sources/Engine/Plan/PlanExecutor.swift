import Foundation
import Graph
import Kernels

/// Runs a plan, any number of times, from any number of threads.
///
/// Each run borrows a state (arena and table of pointers); a few states are kept for the next run, so a session in its steady
/// state allocates only the tensors that it returns.
final class PlanExecutor: Sendable {
  let plan: Plan
  private let kernels: KernelContext
  /// Runs at one time are no faster for being more than the processors.
  private let idle = IdlePool<ExecutionState>(capacity: ProcessInfo.processInfo.activeProcessorCount)
  /// Plans of the same graph for requests with padding, if that can be skipped.
  let padded: PaddedPlans?

  init(plan: Plan, kernels: KernelContext, padded: PaddedPlans? = nil) {
    self.plan = plan
    self.kernels = kernels
    self.padded = padded
  }

  /// Runs the plan.
  ///
  /// - Parameters:
  ///   - inputs: of the types for which the plan was made, in the order of `Plan.inputs`.
  ///   - profile: is told the index of each step and how long it took.
  /// - Returns: the outputs, in the order of `Plan.outputs`.
  func run(
    _ inputs: [RuntimeValue], profile: ((Int, Duration) -> Void)? = nil
  ) throws(GraphError) -> [RuntimeValue] {
    let state = idle.take() ?? ExecutionState(plan: plan)
    defer {
      state.release()
      idle.giveBack(state)
    }
    state.bind(inputs)
    try execute(in: state, profile: profile)
    return plan.outputs.map { state.result($0) }
  }

  /// Runs all steps on a state whose inputs are bound.
  ///
  /// Kernel steps allocate nothing.
  func execute(in state: ExecutionState, profile: ((Int, Duration) -> Void)? = nil) throws(GraphError) {
    try plan.steps.withUnsafeBufferPointer { steps throws(GraphError) in
      for index in steps.indices {
        let start = profile == nil ? nil : ContinuousClock.now
        switch steps[index].work {
        case .kernel(let body): try state.run(steps[index], body, kernels: kernels)
        case .reference(let reference): try state.run(steps[index], reference)
        }
        if let profile, let start { profile(index, ContinuousClock.now - start) }
      }
    }
  }
}
