import Foundation
import Graph
import Kernels

extension CompiledModel {
  /// Compiles the model for some shapes of its inputs and writes a plan file, which `CompiledModel(contentsOf:)` opens.
  ///
  ///     try CompiledModel(contentsOf: "bert.onnx").writePlan(to: "bert.plan", options: .init(threads: 2))
  ///
  /// - Parameters:
  ///   - path: the file; it takes its name when it is complete, in place of one that has it. It cannot be one that the model is
  ///     read from.
  ///   - shapes: sizes of inputs by name, once for each plan; the model's own where a name is left out.
  ///   - options: the kernels and how they are chosen.
  ///   - metadata: what else the file shall hold, for `Model.metadata`.
  ///   - tuning: is told how far measurements of kernels are.
  /// - Throws: `EngineError` naming the input, the node or the file at fault.
  public func writePlan(
    to path: String, shapes: [[String: [Int]]] = [[:]], options: SessionOptions = SessionOptions(),
    metadata: [String: String] = [:], tuning: @escaping TuningEvent.Handler = { _ in }
  ) throws(EngineError) {
    guard planFile == nil else {
      throw .invalidOption(option: "model", expected: "a model to compile", found: "the plan file \(model.source)")
    }
    if let file = model.files.first(where: { $0.isAt(path) }) {
      throw .invalidOption(
        option: "output", expected: "a file that the model is not read from", found: "\(path), which is \(file.path)")
    }
    var wanted: [(sizes: [String: [Int]], types: [ValueType?])] = []
    for sizes in shapes {
      let types = try inputTypes(forShapes: sizes)
      if !wanted.contains(where: { $0.types == types }) { wanted.append((sizes, types)) }
    }
    let base = options.plan.optimize ? graph : model.graph
    let unpacked = try PlanCompiler(for: self, options: options, tuning: tuning)
    // Before weights are read: if the files change from here on, the checksums are not theirs.
    let source = PlanSource(of: model, pool: unpacked.kernels.pool)
    do throws(GraphError) {
      var plans: [PlanContents.Plan] = []
      for (sizes, types) in wanted {
        plans.append((sizes, types, try unpacked.specialized(base, inputTypes: types)))
      }
      // A cache of its own, since this one keeps weights too that folding made for these shapes.
      let compiler = PlanCompiler(
        options: options.plan, weights: WeightCache(of: [base] + plans.map(\.graph)), kernels: unpacked.kernels,
        convolutions: unpacked.convolutions)
      var contents = PlanContents(model: model, source: source, graph: base, plans: plans)
      contents.model.metadata.merge(metadata) { $1 }
      for plan in plans { contents.add(try compiler.plan(for: plan.graph), of: plan.graph) }
      try contents.write(to: path, options: options, compiler: compiler)
    } catch {
      throw .model(source: model.source, error)
    }
  }
}

/// What a plan file shall hold.
struct PlanContents {
  /// A graph that passes made for inputs of these sizes, by name, and so of these types.
  typealias Plan = (sizes: [String: [Int]], types: [ValueType?], graph: Graph)

  /// Constants from this size on stand outside of the graphs' messages.
  private static let inlineByteCount = 1024
  /// Packed weights begin at multiples of this.
  private static let pageByteCount = 4096

  var model: Model
  private let source: PlanSource
  /// The graph that other shapes of the inputs are compiled from.
  private let graph: Graph
  private let plans: [Plan]
  /// Storages that steps read as they are.
  private var read: Set<ObjectIdentifier> = []
  /// Storages that steps use packed.
  private var packed: Set<ObjectIdentifier> = []

  init(model: Model, source: PlanSource, graph: Graph, plans: [Plan]) {
    (self.model, self.source, self.graph, self.plans) = (model, source, graph, plans)
  }

  /// Takes note of what a plan reads.
  mutating func add(_ plan: Engine.Plan, of graph: Graph) {
    for value in graph.liveValues {
      guard case .bytes(let storage)? = graph[value].constant?.contents else { continue }
      if plan.onlyPacked.contains(value) {
        packed.insert(ObjectIdentifier(storage))
      } else {
        read.insert(ObjectIdentifier(storage))
      }
    }
  }

  /// Writes the file.
  ///
  /// - Throws: `GraphError` if a graph or the file cannot be written, or a file of the model has changed since it was mapped.
  func write(to path: String, options: SessionOptions, compiler: PlanCompiler) throws(GraphError) {
    let pool = compiler.kernels.pool
    let cached = compiler.weights.all
    let keys = Set(cached.keys.flatMap { [$0.weights, $0.scale].compactMap { $0 } })
    let numbers = ConstantNumbers()
    var messages: [TensorStorage] = []
    messages.append(try message(of: model, graph, numbers, keys))
    var plain = model
    plain.metadata = [:]
    for plan in plans { messages.append(try message(of: plain, plan.graph, numbers, keys)) }
    let isRead = numbers.storages.map { storage in
      read.contains(ObjectIdentifier(storage)) || !packed.contains(ObjectIdentifier(storage))
    }
    let constants = zip(numbers.storages, isRead).filter(\.1).map(\.0)
    let weights = numbers.numbered(cached)

    var layout = PlanLayout()
    layout.append(messages, alignment: TensorStorage.alignment)
    layout.append(constants, alignment: TensorStorage.alignment, isSparse: true)
    layout.append(weights.map(\.packed.storage), alignment: Self.pageByteCount)
    let parts = layout.parts(pool: pool)
    var constantParts = parts[messages.count...]
    let manifest = PlanManifest(
      instructionSet: compiler.kernels.table.name, layouts: PackedLayout.version, processor: Processor.name,
      threads: options.threads, options: options.plan, source: source,
      choices: compiler.convolutions.choices.mapValues {
        PlanManifest.Choice(algorithm: $0.algorithm.rawValue, measurement: $0.measurement)
      }, model: parts[0],
      plans: zip(plans, parts.dropFirst()).map { plan, part in
        PlanManifest.Plan(sizes: plan.sizes, types: plan.types.map(PlanManifest.text), graph: part)
      },
      constants: isRead.map { PlanManifest.Constant(part: $0 ? constantParts.popFirst() : nil) },
      weights: zip(weights, constantParts).map { entry, part in
        PlanManifest.Weights(constant: entry.constant, scale: entry.scale, format: entry.format, part: part)
      })
    try model.checkFilesUnchanged()
    try layout.write(manifest, to: path)
  }

  /// The message of a graph whose constants are numbers: large ones, and what packed weights were made of.
  private func message(
    of model: Model, _ graph: Graph, _ numbers: ConstantNumbers, _ keys: Set<WeightCache.Identity>
  ) throws(GraphError) -> TensorStorage {
    var model = model
    model.graph = graph
    let bytes = try model.serialized { tensor in
      guard case .bytes(let storage) = tensor.contents, storage.byteCount == tensor.byteCount,
        storage.byteCount >= Self.inlineByteCount || keys.contains(.storage(ObjectIdentifier(storage)))
      else { return nil }
      return numbers.number(of: storage)
    }
    return TensorStorage(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
  }
}

/// The constants of a plan file, by their storages, in the order in which they got their numbers.
private final class ConstantNumbers {
  private(set) var storages: [TensorStorage] = []
  private var known: [ObjectIdentifier: Int] = [:]

  func number(of storage: TensorStorage) -> Int {
    if let number = known[ObjectIdentifier(storage)] { return number }
    known[ObjectIdentifier(storage)] = storages.count
    storages.append(storage)
    return storages.count - 1
  }

  /// Packed weights of constants that have a number, in the order of these.
  func numbered(
    _ weights: [WeightCache.Key: PackedWeights]
  ) -> [(constant: Int, scale: Int?, format: String, packed: PackedWeights)] {
    func number(_ identity: WeightCache.Identity) -> Int? {
      if case .storage(let id) = identity { known[id] } else { nil }
    }
    let numbered = weights.compactMap { key, packed -> (Int, Int?, String, PackedWeights)? in
      let scale = key.scale.flatMap(number)
      guard let constant = number(key.weights), scale != nil || key.scale == nil else { return nil }
      return (constant, scale, key.format, packed)
    }
    return numbered.sorted { ($0.0, $0.1 ?? -1, $0.2) < ($1.0, $1.1 ?? -1, $1.2) }
  }
}
