import Graph
import Kernels

/// Collects the steps of a plan while a graph is lowered, then places its values in memory.
///
/// A lowering asks for what it needs of the graph, packs constant weights through `weights`, and appends steps:
///
///     plan.append("relu_f32", reading: [x], writing: [y], inPlace: [0]) { frame in
///       relu(frame.input(0), frame.output(), count: count, kernels: frame.kernels)
///     }
package struct PlanBuilder {
  /// The graph that is lowered, with types of all values.
  package let graph: Graph
  /// Packed weights, shared by the sessions of a model.
  package let weights: WeightCache
  /// The kernels and threads that will run the plan.
  package let kernels: KernelContext
  /// Chooses the convolutions' kernels.
  let convolutions: ConvolutionChooser
  /// What the user chose.
  var options: PlanOptions { convolutions.options }
  /// A smaller table may be in memory as a whole.
  private static let sparseFrom = 2 << 20

  /// Memory for weights on the way to their layout.
  let staging: StagingMemory
  private var plan = Plan()
  private var slotOfValue: [ValueID: Int] = [:]
  /// For each slot, the slot whose memory it shares; itself for most.
  private var root: [Int] = []
  /// How often each constant was packed.
  private var packings: [ValueID: Int] = [:]
  /// The first node that reads a constant whose elements are absent, and the constant.
  private var absent: (node: String, value: ValueID)?
  /// The first node that reads a value which no step before it writes, and the value.
  private var undefined: (node: String, value: ValueID)?
  private var currentNode = ""
  private var currentOperation = ""

  init(graph: Graph, weights: WeightCache, kernels: KernelContext, convolutions: ConvolutionChooser) {
    self.graph = graph
    self.weights = weights
    self.kernels = kernels
    self.convolutions = convolutions
    staging = StagingMemory(pool: kernels.pool)
    for (index, value) in (graph.inputs + graph.captures).enumerated() {
      plan.inputs.append(addSlot(value, .input(index)))
    }
  }

  private mutating func addSlot(_ value: ValueID, _ placement: Plan.Placement) -> Int {
    let slot = plan.slots.count
    plan.slots.append(Plan.Slot(name: graph[value].name, type: graph[value].type, placement: placement))
    root.append(slot)
    slotOfValue[value] = slot
    return slot
  }

  /// The slot of a value that is read, its elements at an address that they may be read from unless any will do.
  private mutating func readSlot(_ value: ValueID, atAnyAddress: Bool = false) -> Int {
    if let slot = slotOfValue[value] {
      if !atAnyAddress, case .constant(let index) = plan.slots[slot].placement {
        plan.constants[index] = weights.aligned(plan.constants[index])
      }
      return slot
    }
    guard let constant = graph[value].constant else {
      if undefined == nil { undefined = (currentNode, value) }
      return addSlot(value, .heap)
    }
    if !constant.isPresent, absent == nil { absent = (currentNode, value) }
    if currentOperation == "Gather", constant.byteCount >= Self.sparseFrom, case .bytes(let storage) = constant.contents
    {
      storage.expectSparseReads()
    }
    // What is mapped at a fitting address stays in the map.
    plan.constants.append(atAnyAddress ? constant : weights.aligned(constant))
    return addSlot(value, .constant(plan.constants.count - 1))
  }

  private mutating func writeSlot(_ value: ValueID) -> Int {
    let slot = addSlot(value, .heap)
    if plan.slots[slot].byteCount != nil { plan.slots[slot].placement = .arena(0) }
    return slot
  }
}

// MARK: - For lowerings

extension PlanBuilder {
  /// The name of a kernel of the table in use.
  package func kernelName(_ family: String) -> String { "\(family)_\(kernels.table.isa)" }

  /// Element type and sizes of a value, if all are known.
  package func tensorType(of value: ValueID) -> (dataType: DataType, sizes: [Int])? { graph.tensorType(of: value) }

  /// The weights that a node has as a constant input, packed by `make` unless they are there already.
  ///
  /// - Parameters:
  ///   - input: the index of the weights among the node's inputs.
  ///   - scale: the index of a constant that the packed weights depend on too, if the node has it.
  ///   - format: names the layout with everything that it depends on; equal names must mean equal bytes.
  ///   - byteCount: bytes of the packed weights.
  /// - Throws: `GraphError.absentConstant` if only other forms of the weights are there.
  package mutating func packedWeights(
    _ context: NodeContext, _ input: Int, scaledBy scale: Int? = nil, format: String, byteCount: Int,
    make: () -> PackedWeights
  ) throws(GraphError) -> PackedWeights {
    let scale = scale.flatMap { context.hasInput($0) ? $0 : nil }
    guard let value = context.node.inputs[input], let weights = context.weights(input) else {
      throw .missingInput(node: context.name, input: "\(input)")
    }
    for case let packed? in [input, scale] {
      if let value = context.node.inputs[packed] { packings[value, default: 0] += 1 }
    }
    guard
      let packed = self.weights.packed(
        weights, scaledBy: scale.flatMap(context.weights), format: format, byteCount: byteCount, make: make)
    else { throw .absentConstant(node: context.name, value: graph[value].name) }
    return packed
  }

  /// Adds a kernel step.
  ///
  /// - Parameters:
  ///   - kernel: the kernel's name, for people who read the plan.
  ///   - atAnyAddress: which of the read values the kernel takes byte by byte, so that constants need no alignment.
  ///   - inPlace: which of the read values the first output may overwrite; the kernel must work if the pointers are equal.
  ///   - scratchByteCount: bytes of scratch memory it needs while it runs.
  ///   - macs: multiply-accumulate operations it does.
  ///   - measurement: what was measured to choose the kernel.
  package mutating func append(
    _ kernel: String, reading: [ValueID], writing: [ValueID], atAnyAddress: [Int] = [], inPlace: [Int] = [],
    scratchByteCount: Int = 0, macs: Int = 0, measurement: LayerMeasurement? = nil, body: @escaping Step.Body
  ) {
    var reads: [Int] = []
    for (index, value) in reading.enumerated() {
      reads.append(readSlot(value, atAnyAddress: atAnyAddress.contains(index)))
    }
    let writes = writing.map { writeSlot($0) }
    plan.steps.append(
      Step(
        node: currentNode, operation: currentOperation, kernel: kernel, reads: reads, writes: writes,
        scratchByteCount: scratchByteCount, inPlace: inPlace, macs: macs, measurement: measurement, work: .kernel(body))
    )
  }

  /// Makes a value the same memory as another, under its own type: nothing is computed.
  ///
  /// - Returns: false if the other value's memory is not fixed when the plan is made.
  package mutating func alias(_ output: ValueID, to input: ValueID) -> Bool {
    guard tensorType(of: output) != nil, tensorType(of: input) != nil else { return false }
    let source = readSlot(input)
    guard plan.slots[source].placement != .heap else { return false }
    let slot = addSlot(output, plan.slots[source].placement)
    root[slot] = root[source]
    return true
  }
}

// MARK: - For the compiler

extension PlanBuilder {
  /// Names the node whose steps follow.
  mutating func begin(_ node: Node) {
    currentNode = node.name.isEmpty ? node.outputs.lazy.compactMap { $0 }.first.map { graph[$0].name } ?? "" : node.name
    currentOperation = node.op.name
  }

  /// Adds a step that runs an operator's reference.
  mutating func appendReference(_ node: Node, _ lowering: Lowering, subgraphs: SubgraphPlans?) {
    var reads: [Int] = []
    func index(of slot: Int) -> Int {
      reads.append(slot)
      return reads.count - 1
    }
    var inputs: [Int?] = []
    for input in node.inputs { inputs.append(input.map { index(of: readSlot($0)) }) }
    var captured: [ValueID: Int] = [:]
    for value in node.attributes.values.flatMap(\.subgraphs).flatMap(\.captured) where captured[value] == nil {
      captured[value] = index(of: readSlot(value))
    }
    var writes: [Int] = []
    var outputs: [Int?] = []
    for output in node.outputs {
      guard let output else {
        outputs.append(nil)
        continue
      }
      writes.append(writeSlot(output))
      outputs.append(writes.count - 1)
    }
    let step = ReferenceStep(
      node: node, lowering: lowering, inputs: inputs, captured: captured, outputs: outputs, subgraphs: subgraphs)
    plan.steps.append(
      Step(
        node: currentNode, operation: currentOperation, kernel: "reference", reads: reads, writes: writes,
        scratchByteCount: 0, inPlace: [], macs: 0, measurement: nil, work: .reference(step)))
  }

  /// Places all values and gives the plan.
  ///
  /// - Throws: `GraphError.absentConstant` if a step reads elements that are not there, `GraphError.undefinedValue` if it reads
  ///   a value that no step before it writes: then a pass or a lowering is wrong.
  consuming func finish() throws(GraphError) -> Plan {
    for (output, name) in zip(graph.outputs, graph.outputNames) {
      currentNode = "output '\(name)'"
      plan.outputs.append(readSlot(output))
    }
    if let undefined { throw .undefinedValue(node: undefined.node, value: graph[undefined.value].name) }
    if let absent { throw .absentConstant(node: absent.node, value: graph[absent.value].name) }
    for (value, count) in packings where slotOfValue[value] == nil && count == graph.consumers(of: value).count {
      plan.onlyPacked.insert(value)
    }
    placeBuffers()
    return plan
  }

  private mutating func placeBuffers() {
    let last = lastUses()
    /// Buffer of each root slot in the arena; a step's scratch memory is a buffer too.
    var bufferOfRoot: [Int: Int] = [:]
    var buffers: [ArenaPlanner.Buffer] = []
    var scratch: [Int: Int] = [:]
    for (index, step) in plan.steps.enumerated() {
      for (position, slot) in step.writes.enumerated() where plan.slots[slot].placement == .arena(0) {
        let byteCount = plan.slots[slot].byteCount ?? 0
        let end = max(last[root[slot]] ?? index, index)
        let donor = position > 0 ? nil : donor(of: step, at: index, byteCount: byteCount, last: last)
        if let donor, let buffer = bufferOfRoot[donor] {
          buffers[buffer].lifetime = buffers[buffer].lifetime.lowerBound...end
          bufferOfRoot[slot] = buffer
        } else {
          bufferOfRoot[slot] = buffers.count
          buffers.append(.init(byteCount: byteCount, lifetime: index...end))
        }
      }
      if step.scratchByteCount > 0 {
        scratch[index] = buffers.count
        buffers.append(.init(byteCount: step.scratchByteCount, lifetime: index...index))
      }
    }
    let placed = ArenaPlanner.place(buffers)
    plan.arenaByteCount = placed.byteCount
    for slot in plan.slots.indices {
      if let buffer = bufferOfRoot[root[slot]] { plan.slots[slot].placement = .arena(placed.offsets[buffer]) }
    }
    for (index, buffer) in scratch { plan.steps[index].scratchOffset = placed.offsets[buffer] }
  }

  /// A root slot in the arena of exactly these bytes, which a step may overwrite and which nothing reads later.
  ///
  /// A step that reads the same memory twice, as in x + conv(x), may overwrite it only if it may by either reading.
  private func donor(of step: Step, at index: Int, byteCount: Int, last: [Int: Int]) -> Int? {
    for read in step.inPlace {
      let source = root[step.reads[read]]
      let readings = step.reads.indices.filter { root[step.reads[$0]] == source }
      if last[source] == index, plan.slots[source].byteCount == byteCount, plan.slots[source].placement == .arena(0),
        readings.allSatisfy(step.inPlace.contains)
      {
        return source
      }
    }
    return nil
  }

  /// The last step that reads each root slot; past the end for outputs.
  private func lastUses() -> [Int: Int] {
    var last: [Int: Int] = [:]
    for (index, step) in plan.steps.enumerated() {
      for slot in step.reads { last[root[slot]] = index }
    }
    for slot in plan.outputs { last[root[slot]] = plan.steps.count }
    return last
  }
}

extension Graph {
  /// Element type and sizes of a value, if all are known.
  func tensorType(of value: ValueID) -> (dataType: DataType, sizes: [Int])? {
    guard case .tensor(let type, let shape?) = self[value].type, let sizes = shape.sizes else { return nil }
    return (type, sizes)
  }
}
