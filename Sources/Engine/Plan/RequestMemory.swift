/// The memory of one request at a time: that of a plan, and of the plans for fewer tokens, which run in the same arena.
final class RequestMemory: @unchecked Sendable {
  /// The memory of all tokens.
  let whole: ExecutionState
  private var shorter = RecentlyUsed<Int, Part>(capacity: PaddedPlans.capacity)

  /// What runs requests of some length, and where.
  struct Part {
    let executor: PlanExecutor
    let state: ExecutionState
  }

  init(of plan: Plan) { whole = ExecutionState(plan: plan) }

  /// What runs requests of so many tokens; nil if they must be run whole.
  func part(of length: Int, _ padded: PaddedPlans) -> Part? {
    if let known = shorter.use(length) { return known }
    guard let executor = padded.executor(for: length) else { return nil }
    let part = Part(executor: executor, state: ExecutionState(plan: executor.plan, sharing: whole))
    shorter.insert(part, for: length)
    return part
  }
}
