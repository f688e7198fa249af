import Graph
import Kernels

/// The memory of one run: the arena, the pointers of all slots, and tensors of the values that are not in the arena.
final class ExecutionState: @unchecked Sendable {
  private let plan: Plan
  private let arena: LastingMemory
  /// Whose arena it is, if it is another's.
  private let lender: ExecutionState?
  private let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var values: [RuntimeValue?]
  /// Slots that every run fills anew: inputs with their place among the caller's, and values outside the arena.
  private var inputs: [(slot: Int, input: Int)] = []
  private var heap: [Int] = []
  /// Memory of its own for the inputs, if the caller writes them in place, and that of each of them.
  private var inputMemory: UnsafeMutableRawPointer?
  private var inputBuffers: [UnsafeMutableRawBufferPointer] = []

  /// Makes the memory of a plan.
  ///
  /// - Parameter lender: a state whose arena it uses too, if that is large enough: the two must not run at the same time, and the
  ///   results of one end with a run of the other.
  init(plan: Plan, sharing lender: ExecutionState? = nil) {
    self.plan = plan
    self.lender = lender.flatMap { $0.plan.arenaByteCount >= plan.arenaByteCount ? $0 : nil }
    arena = self.lender?.arena ?? LastingMemory(byteCount: plan.arenaByteCount)
    pointers = .allocate(capacity: max(plan.slots.count, 1))
    pointers.initialize(repeating: nil, count: plan.slots.count)
    values = Array(repeating: nil, count: plan.slots.count)
    for (index, slot) in plan.slots.enumerated() {
      switch slot.placement {
      case .arena(let offset): pointers[index] = arena.base + offset
      case .constant(let constant): set(plan.constants[constant], for: index)
      case .input(let input): inputs.append((index, input))
      case .heap: heap.append(index)
      }
    }
  }

  deinit {
    pointers.deallocate()
    inputMemory?.deallocate()
  }

  private func set(_ tensor: Tensor, for slot: Int) {
    let sizes = plan.slots[slot].type?.shape?.sizes
    let viewed = sizes.map { $0 == tensor.shape ? tensor : tensor.reshaped($0) } ?? tensor
    values[slot] = .tensor(viewed)
    if case .bytes(let storage) = viewed.contents { pointers[slot] = UnsafeMutableRawPointer(mutating: storage.base) }
  }

  /// Takes the caller's inputs, in the order of `Plan.inputs`.
  func bind(_ arguments: [RuntimeValue]) {
    for (slot, input) in inputs {
      if case .tensor(let tensor) = arguments[input] {
        set(tensor.aligned(), for: slot)
      } else {
        values[slot] = arguments[input]
      }
    }
  }

  /// Gives the inputs, all of known sizes, memory that the caller writes before each run: zeros at first.
  ///
  /// - Returns: the memory of each input, in the order of `Plan.inputs`.
  func ownInputs() -> [UnsafeMutableRawBufferPointer] {
    guard inputMemory == nil else { return inputBuffers }
    let sizes = plan.inputs.map { plan.slots[$0].byteCount ?? 0 }
    let alignment = TensorStorage.alignment
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, sizes.reduce(0) { $0 + ($1 + alignment - 1) / alignment * alignment }), alignment: alignment)
    inputMemory = memory
    var buffers: [UnsafeMutableRawBufferPointer] = []
    var offset = 0
    for size in sizes {
      let buffer = UnsafeMutableRawBufferPointer(start: memory + offset, count: size)
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      buffers.append(buffer)
      offset += (size + alignment - 1) / alignment * alignment
    }
    for (slot, input) in inputs { pointers[slot] = buffers[input].baseAddress }
    inputBuffers = buffers
    return buffers
  }

  /// Lets go of the tensors of a run.
  func release() {
    for (slot, _) in inputs { values[slot] = nil }
    for slot in heap { values[slot] = nil }
  }

  /// Runs a kernel step.
  func run(_ step: borrowing Step, _ body: Step.Body, kernels: KernelContext) throws(GraphError) {
    let (arena, pointers, scratchOffset) = (arena.base, pointers, step.scratchOffset)
    try step.reads.withUnsafeBufferPointer { reads throws(GraphError) in
      try step.writes.withUnsafeBufferPointer { writes throws(GraphError) in
        try body(
          Frame(pointers: pointers, reads: reads, writes: writes, scratch: arena + scratchOffset, kernels: kernels))
      }
    }
  }

  /// Runs a reference step.
  func run(_ step: Step, _ reference: ReferenceStep) throws(GraphError) {
    let inputs = reference.inputs.map { $0.map { value(step.reads[$0]) } }
    let outputTypes = reference.outputs.map { $0.flatMap { plan.slots[step.writes[$0]].type } }
    let evaluation = Evaluation(node: reference.node, inputs: inputs, outputTypes: outputTypes) {
      [self] attribute, arguments throws(GraphError) in
      guard let subgraph = reference.node.attributes[attribute]?.subgraphs.first, let plans = reference.subgraphs else {
        throw .invalidAttribute(node: reference.node.name, attribute: attribute, expected: "graph", found: "nothing")
      }
      let captured = subgraph.captured.map { reference.captured[$0].map { value(step.reads[$0]) } ?? .none }
      return try plans.run(subgraph, of: attribute, inputs: arguments, captured: captured)
    }
    try reference.checkTypes(evaluation)
    let results = try reference.lowering.evaluate(evaluation)
    for (output, result) in zip(reference.outputs, results) {
      if let output { try store(result, in: step.writes[output], node: evaluation.context.name) }
    }
  }

  /// The value of a slot; in memory that the next run overwrites, a tensor that borrows it.
  private func value(_ slot: Int) -> RuntimeValue {
    if let value = values[slot] { return value }
    guard let bytes = bytes(of: slot), case .tensor(let type, let shape?) = plan.slots[slot].type,
      let sizes = shape.sizes
    else { return .none }
    return .tensor(Tensor(dataType: type, shape: sizes, storage: TensorStorage(borrowing: bytes, from: self)))
  }

  /// The memory of a slot of fixed size: of a kernel's result, an input or a constant.
  func bytes(of slot: Int) -> UnsafeRawBufferPointer? {
    guard let pointer = pointers[slot], let byteCount = plan.slots[slot].byteCount else { return nil }
    return UnsafeRawBufferPointer(start: pointer, count: byteCount)
  }

  private func store(_ value: RuntimeValue, in slot: Int, node: String) throws(GraphError) {
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
  func result(_ slot: Int) -> RuntimeValue { owned(value(slot)) }

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
