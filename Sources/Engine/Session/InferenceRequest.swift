import Graph

/// A model's inputs and outputs for given shapes in memory that is used again and again, so that a run allocates nothing.
///
///     let request = try InferenceRequest(session, shapes: ["input": [1, 3, 224, 224]])
///     try request.withInput("input") { (pixels: inout MutableSpan<Float>) in … }
///     try request.run()
///     let best = try request.withOutput("logits") { (scores: Span<Float>) in … }
///
/// Inputs keep their contents from run to run; outputs are valid until the next one. A request belongs to one thread at a time;
/// any number of requests of a session may run at once.
public final class InferenceRequest {
  private let session: Session
  private let executor: PlanExecutor
  private let memory: RequestMemory
  private let inputs: [UnsafeMutableRawBufferPointer]
  /// What ran last: all, or a plan of fewer tokens where padding is skipped.
  private var last: (plan: Plan, state: ExecutionState)
  private let inputIndex: [String: Int]
  private let outputIndex: [String: Int]
  /// Whether the last run succeeded.
  private var hasResults = false

  /// Makes a request with inputs of zeros.
  ///
  /// - Parameters:
  ///   - session: what runs it.
  ///   - shapes: sizes of the inputs, by name; those that are left out have the sizes that the model declares.
  /// - Throws: `EngineError` naming the input that is unknown, has other sizes in the model, or has none.
  public init(_ session: Session, shapes: [String: [Int]] = [:]) throws(EngineError) {
    self.session = session
    executor = try session.executor(forShapes: shapes)
    try Self.checkInputs(of: executor.plan, model: session.compiled.model.source)
    memory = RequestMemory(of: executor.plan)
    last = (executor.plan, memory.whole)
    let graph = session.compiled.model.graph
    inputs = memory.whole.ownInputs()
    inputIndex = Dictionary(
      graph.inputs.enumerated().map { (graph[$1].name, $0) }, uniquingKeysWith: { first, _ in first })
    outputIndex = Dictionary(
      graph.outputNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Checks that each input has known sizes, and that memory for all of them and the arena can be had.
  private static func checkInputs(of plan: Plan, model: String) throws(EngineError) {
    let slots = plan.inputs.map { plan.slots[$0] }
    var total = plan.arenaByteCount
    for slot in slots {
      guard let byteCount = slot.byteCount else {
        throw .inputMismatch(
          model: model, input: slot.name, expected: "a tensor of known sizes",
          found: slot.type?.description ?? "nothing that is declared")
      }
      total = total.addingSaturated(byteCount)
      do throws(GraphError) {
        try MemoryBudget.check(byteCount: total, node: slot.name)
      } catch {
        throw .inputMismatch(
          model: model, input: slot.name, expected: "sizes for which this machine has the memory",
          found: slot.type?.description ?? "")
      }
    }
  }

  /// Lends an input's elements to be written.
  ///
  /// - Throws: `EngineError` if there is no such input, or its elements have another type.
  public func withInput<Element: TensorElement, Result>(
    _ name: String, _ body: (inout MutableSpan<Element>) -> Result
  ) throws(EngineError) -> Result {
    guard let index = inputIndex[name] else {
      throw .unknownInput(model: session.compiled.model.source, input: name, known: inputIndex.keys.sorted())
    }
    let type = executor.plan.slots[executor.plan.inputs[index]].type
    guard type?.dataType == Element.dataType else {
      throw .inputMismatch(
        model: session.compiled.model.source, input: name, expected: type?.description ?? "",
        found: "elements of type \(Element.dataType)")
    }
    var span = MutableSpan<Element>(_unsafeElements: inputs[index].bindMemory(to: Element.self))
    return body(&span)
  }

  /// Copies a tensor into an input.
  ///
  /// - Throws: `EngineError` if there is no such input, or it has another type or shape.
  public func setInput(_ name: String, to tensor: Tensor) throws(EngineError) {
    guard let index = inputIndex[name] else {
      throw .unknownInput(model: session.compiled.model.source, input: name, known: inputIndex.keys.sorted())
    }
    let type = executor.plan.slots[executor.plan.inputs[index]].type
    let found = ValueType.tensor(tensor.dataType, Shape(tensor.shape))
    guard type == found, case .bytes(let storage) = tensor.contents else {
      throw .inputMismatch(
        model: session.compiled.model.source, input: name, expected: type?.description ?? "", found: "\(found)")
    }
    inputs[index].copyMemory(from: UnsafeRawBufferPointer(start: storage.base, count: inputs[index].count))
  }

  /// Runs the model on what the inputs hold; allocates nothing if kernels cover all its nodes, but for the first time that so
  /// many tokens are hidden.
  ///
  /// - Throws: `EngineError.model` naming the node that does not take its inputs' contents.
  public func run() throws(EngineError) {
    do throws(GraphError) {
      if let padded = executor.padded, let length = padded.length(of: inputs),
        let part = memory.part(of: length, padded)
      {
        padded.cut(inputs, to: length, into: part.state.ownInputs())
        try run(part.executor, in: part.state)
      } else {
        try run(executor, in: memory.whole)
      }
    } catch {
      throw session.model(error)
    }
  }

  private func run(_ executor: PlanExecutor, in state: ExecutionState) throws(GraphError) {
    state.release()
    hasResults = false
    last = (executor.plan, state)
    try executor.execute(in: state)
    hasResults = true
  }

  /// Lends an output's elements.
  ///
  /// - Throws: `EngineError` if there is no such output, its elements have another type, only running tells its shape (see
  ///   `output(_:)` then), or no run has succeeded before.
  public func withOutput<Element: TensorElement, Result>(
    _ name: String, _ body: (Span<Element>) -> Result
  ) throws(EngineError) -> Result {
    let (plan, state) = last
    let slot = try outputSlot(name)
    guard let bytes = state.bytes(of: slot), plan.slots[slot].type?.dataType == Element.dataType else {
      throw .outputMismatch(
        model: session.compiled.model.source, output: name, expected: "elements of type \(Element.dataType)",
        found: plan.slots[slot].type?.description ?? "one whose type only running tells")
    }
    try checkResults(output: name)
    return body(Span(_unsafeElements: bytes.bindMemory(to: Element.self)))
  }

  /// A copy of an output of the last run, of whatever type and shape.
  ///
  /// - Throws: `EngineError.unknownOutput`, or `noResult` if there was no run or the last one failed.
  public func output(_ name: String) throws(EngineError) -> RuntimeValue {
    let slot = try outputSlot(name)
    try checkResults(output: name)
    return last.state.result(slot)
  }

  private func checkResults(output: String) throws(EngineError) {
    guard hasResults else { throw .noResult(model: session.compiled.model.source, output: output) }
  }

  private func outputSlot(_ name: String) throws(EngineError) -> Int {
    guard let index = outputIndex[name] else {
      throw .unknownOutput(
        model: session.compiled.model.source, output: name, known: session.compiled.model.graph.outputNames)
    }
    return last.plan.outputs[index]
  }
}
