import Foundation
import Graph
import Kernels

/// Runs a plan, any number of times, from any number of threads.
///
/// Each run borrows memory (arena and tables of pointers), some of which is kept for the next run, so a session in its steady
/// state allocates only the tensors that it returns.
final class PlanExecutor: Sendable {
  let plan: Plan
  private let kernels: KernelContext
  /// Runs at one time are no faster for being more than the processors.
  private let idle = IdlePool<RequestMemory>(capacity: ProcessInfo.processInfo.activeProcessorCount)
  /// Plans of the same graph for requests with padding, if that can be skipped.
  let padded: PaddedPlans?

  init(plan: Plan, kernels: KernelContext, padded: PaddedPlans? = nil) {
    self.plan = plan
    self.kernels = kernels
    self.padded = padded
  }

  /// Runs the plan, or the one of fewer tokens if the others are padding that may be skipped.
  ///
  /// - Parameters:
  ///   - inputs: of the types for which the plan was made, in the order of `Plan.inputs`.
  ///   - profile: is told each step of the plan that runs, and how long it took.
  /// - Returns: the outputs, in the order of `Plan.outputs`.
  func run(
    _ inputs: [RuntimeValue], profile: ((Plan, Int, Duration) -> Void)? = nil
  ) throws(GraphError) -> [RuntimeValue] {
    let memory = idle.take() ?? RequestMemory(of: plan)
    defer { idle.giveBack(memory) }
    if let padded, let length = padded.length(of: inputs), let part = memory.part(of: length, padded) {
      return try part.executor.run(padded.cut(inputs, to: length), in: part.state, profile: profile)
    }
    return try run(inputs, in: memory.whole, profile: profile)
  }

  private func run(
    _ inputs: [RuntimeValue], in state: ExecutionState, profile: ((Plan, Int, Duration) -> Void)?
  ) throws(GraphError) -> [RuntimeValue] {
    defer { state.release() }
    state.bind(inputs)
    try execute(in: state, profile: profile.map { profile in { [plan] in profile(plan, $0, $1) } })
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
