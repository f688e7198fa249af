import Graph
import Kernels
import Synchronization

/// Runs a plan, any number of times, from any number of threads.
///
/// Each run borrows a state (arena and table of pointers); states are kept for the next run, so a session in its steady
/// state allocates only the tensors that it returns.
final class PlanExecutor: Sendable {
  let plan: Plan
  private let kernels: KernelContext
  private let idle = Mutex<[ExecutionState]>([])

  init(plan: Plan, kernels: KernelContext) {
    self.plan = plan
    self.kernels = kernels
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
    let state = idle.withLock { $0.popLast() } ?? ExecutionState(plan: plan)
    defer {
      state.release()
      idle.withLock { $0.append(state) }
    }
    state.bind(inputs, of: plan)
    for (index, step) in plan.steps.enumerated() {
      let start = profile == nil ? nil : ContinuousClock.now
      switch step.work {
      case .kernel(let body): try state.run(step, body, kernels: kernels)
      case .reference(let reference): try state.run(step, reference, plan: plan)
      }
      if let profile, let start { profile(index, ContinuousClock.now - start) }
    }
    return plan.outputs.map { state.result($0, of: plan) }
  }
}

/// The memory of one run: the arena, the pointers of all slots, and tensors of the values that are not in the arena.
final class ExecutionState: @unchecked Sendable {
  private let arena: UnsafeMutableRawBufferPointer
  private let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var values: [RuntimeValue?]

  init(plan: Plan) {
    arena = .allocate(byteCount: max(plan.arenaByteCount, 1), alignment: 4096)
    pointers = .allocate(capacity: max(plan.slots.count, 1))
    pointers.initialize(repeating: nil, count: plan.slots.count)
    values = Array(repeating: nil, count: plan.slots.count)
    for (index, slot) in plan.slots.enumerated() {
      switch slot.placement {
      case .arena(let offset): pointers[index] = arena.baseAddress.map { $0 + offset }
      case .constant(let constant): set(plan.constants[constant], for: index, type: slot.type)
      case .input, .heap: break
      }
    }
  }

  deinit {
    arena.deallocate()
    pointers.deallocate()
  }

  private func set(_ tensor: Tensor, for slot: Int, type: ValueType?) {
    let viewed = type?.shape?.sizes.map { $0 == tensor.shape ? tensor : tensor.reshaped($0) } ?? tensor
    values[slot] = .tensor(viewed)
    if case .bytes(let storage) = viewed.contents { pointers[slot] = UnsafeMutableRawPointer(mutating: storage.base) }
  }

  /// Takes the caller's inputs.
  func bind(_ inputs: [RuntimeValue], of plan: Plan) {
    for (index, slot) in plan.slots.enumerated() {
      guard case .input(let input) = slot.placement else { continue }
      if case .tensor(let tensor) = inputs[input] {
        set(tensor.aligned(), for: index, type: slot.type)
      } else {
        values[index] = inputs[input]
      }
    }
  }

  /// Lets go of the tensors of a run.
  func release() {
    for index in values.indices where pointers[index] == nil { values[index] = nil }
  }

  /// Runs a kernel step.
  func run(_ step: Step, _ body: Step.Body, kernels: KernelContext) throws(GraphError) {
    guard let base = arena.baseAddress else { return }
    try step.reads.withUnsafeBufferPointer { reads throws(GraphError) in
      try step.writes.withUnsafeBufferPointer { writes throws(GraphError) in
        try body(
          Frame(
            pointers: pointers, reads: reads, writes: writes, scratch: base + step.scratchOffset, kernels: kernels))
      }
    }
  }

  /// Runs a reference step.
  func run(_ step: Step, _ reference: ReferenceStep, plan: Plan) throws(GraphError) {
    let inputs = reference.inputs.map { $0.map { value(step.reads[$0], of: plan) } }
    let outputTypes = reference.outputs.map { $0.flatMap { plan.slots[step.writes[$0]].type } }
    let evaluation = Evaluation(node: reference.node, inputs: inputs, outputTypes: outputTypes) {
      [self] attribute, arguments throws(GraphError) in
      guard let subgraph = reference.node.attributes[attribute]?.subgraphs.first, let plans = reference.subgraphs else {
        throw .invalidAttribute(node: reference.node.name, attribute: attribute, expected: "graph", found: "nothing")
      }
      let captured = subgraph.captured.map { reference.captured[$0].map { value(step.reads[$0], of: plan) } ?? .none }
      return try plans.run(subgraph, of: attribute, inputs: arguments, captured: captured)
    }
    try reference.checkTypes(evaluation)
    let results = try reference.lowering.evaluate(evaluation)
    for (output, result) in zip(reference.outputs, results) {
      if let output { try store(result, in: step.writes[output], of: plan, node: evaluation.context.name) }
    }
  }

  /// The value of a slot; in the arena, a tensor that borrows its memory.
  private func value(_ slot: Int, of plan: Plan) -> RuntimeValue {
    if case .arena = plan.slots[slot].placement, let pointer = pointers[slot],
      case .tensor(let type, let shape?) = plan.slots[slot].type, let sizes = shape.sizes
    {
      let bytes = UnsafeRawBufferPointer(start: pointer, count: plan.slots[slot].byteCount ?? 0)
      return .tensor(Tensor(dataType: type, shape: sizes, storage: TensorStorage(borrowing: bytes, from: self)))
    }
    return values[slot] ?? .none
  }

  private func store(_ value: RuntimeValue, in slot: Int, of plan: Plan, node: String) throws(GraphError) {
    guard case .arena = plan.slots[slot].placement else {
      values[slot] = owned(value)
      return
    }
    guard let tensor = value.tensor, value.type == plan.slots[slot].type, case .bytes(let storage) = tensor.contents,
      let pointer = pointers[slot]
    else {
      throw .invalidGraph(
        node: node,
        what: "computed \(value.type?.description ?? "nothing"), expected \(plan.slots[slot].type?.description ?? "?")")
    }
    pointer.copyMemory(from: storage.base, byteCount: tensor.byteCount)
  }

  /// The value of an output, with memory of its own.
  func result(_ slot: Int, of plan: Plan) -> RuntimeValue { owned(value(slot, of: plan)) }

  private func owned(_ value: RuntimeValue) -> RuntimeValue {
    switch value {
    case .tensor(let tensor): .tensor(owned(tensor))
    case .sequence(let tensors, let type): .sequence(tensors.map(owned), of: type)
    case .none: .none
    }
  }

  private func owned(_ tensor: Tensor) -> Tensor {
    guard case .bytes(let storage) = tensor.contents, storage.isBorrowed(from: self) else { return tensor }
    let copy = TensorStorage(byteCount: tensor.byteCount) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: storage.base, count: tensor.byteCount))
    }
    return Tensor(dataType: tensor.dataType, shape: tensor.shape, storage: copy)
  }
}

extension ReferenceStep {
  /// Lets the schema judge the types of the inputs that really came.
  func checkTypes(_ evaluation: Evaluation) throws(GraphError) {
    guard subgraphs == nil else { return }
    let schema = try OperatorRegistry.standard.schema(for: node.op, node: evaluation.context.name)
    _ = try schema.infer(evaluation.context)
  }
}
