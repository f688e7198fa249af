import Graph
import Kernels

/// Runs a model.
///
///     let session = try Session(CompiledModel(contentsOf: "resnet50.onnx"), options: .init(threads: 2))
///     let outputs = try session.run(["input": image])
///
/// A session may be used from several threads at once. For each combination of input shapes it makes a plan when they first
/// occur; the last few plans are kept. Sessions of one `CompiledModel` share its weights, and all sessions with one number of
/// threads share those: a request that finds them taken runs on its caller's thread. `run` gives fresh tensors each time; where
/// that matters, an `InferenceRequest` uses its memory again.
public final class Session: Sendable {
  /// The model that it runs.
  public let compiled: CompiledModel
  /// The choices it was made with.
  public let options: SessionOptions
  let compiler: PlanCompiler
  private let plans = PlanCache<[ValueType?]>(capacity: 8)

  /// Makes a session; if the model declares all sizes of its inputs, its plan is made now.
  ///
  /// - Parameters:
  ///   - compiled: the model.
  ///   - options: choices.
  ///   - tuning: is told how far measurements of kernels are, if `options` ask for them; on the thread that makes a plan.
  /// - Throws: `EngineError` naming the option that cannot be, or the node at fault.
  public init(
    _ compiled: CompiledModel, options: SessionOptions = SessionOptions(),
    tuning: @escaping TuningEvent.Handler = { _ in }
  ) throws(EngineError) {
    self.compiled = compiled
    self.options = options
    compiler = try PlanCompiler(for: compiled, options: options, tuning: tuning)
    try compiled.planFile?.check(pool: compiler.kernels.pool)
    let graph = compiled.model.graph
    let declared = graph.inputs.map { graph[$0].type }
    if declared.allSatisfy({ $0?.shape?.sizes != nil }) { _ = try executor(for: declared) }
  }

  /// Runs a model whose inputs and outputs are tensors.
  ///
  /// - Parameter inputs: a tensor for each input of the model, by name.
  /// - Returns: the outputs by name.
  /// - Throws: `EngineError` naming the input, or the node, that does not fit, or the output that is no tensor: see
  ///   `runValues(_:)` then.
  public func run(_ inputs: [String: Tensor]) throws(EngineError) -> [String: Tensor] {
    let results = try runValues(inputs.mapValues(RuntimeValue.tensor))
    for (name, value) in results.sorted(by: { $0.key < $1.key }) where value.tensor == nil {
      throw .outputMismatch(
        model: compiled.model.source, output: name, expected: "a tensor, as `run` gives",
        found: "\(value.type?.description ?? "nothing"), as `runValues` gives")
    }
    return results.compactMapValues(\.tensor)
  }

  /// Runs a model whose inputs or outputs may be sequences or optionals.
  public func runValues(_ inputs: [String: RuntimeValue]) throws(EngineError) -> [String: RuntimeValue] {
    let (executor, arguments) = try prepared(inputs)
    let graph = compiled.model.graph
    let results: [RuntimeValue]
    do throws(GraphError) { results = try executor.run(arguments) } catch { throw model(error) }
    return Dictionary(zip(graph.outputNames, results), uniquingKeysWith: { first, _ in first })
  }

  /// The plan for inputs of these shapes, by name; made if it does not exist yet.
  ///
  /// - Throws: `EngineError` naming the input that the model does not have or whose shape it does not take, or the node at fault.
  public func plan(forShapes shapes: [String: [Int]] = [:]) throws(EngineError) -> Plan {
    try executor(forShapes: shapes).plan
  }

  func executor(forShapes shapes: [String: [Int]]) throws(EngineError) -> PlanExecutor {
    try executor(for: compiled.inputTypes(forShapes: shapes))
  }

  func model(_ error: GraphError) -> EngineError { .model(source: compiled.model.source, error) }

  func ordered(_ inputs: [String: RuntimeValue]) throws(EngineError) -> [RuntimeValue] {
    let graph = compiled.model.graph
    let names = graph.inputs.map { graph[$0].name }
    let source = compiled.model.source
    for name in inputs.keys.sorted() where !names.contains(name) {
      throw .unknownInput(model: source, input: name, known: names)
    }
    var arguments: [RuntimeValue] = []
    for id in graph.inputs {
      let name = graph[id].name
      guard let value = inputs[name] else { throw .missingInput(model: source, input: name, known: names) }
      if let declared = graph[id].type, let found = value.type, !declared.accepts(found) {
        throw .inputMismatch(model: source, input: name, expected: "\(declared)", found: "\(found)")
      }
      arguments.append(value)
    }
    return arguments
  }

  /// What runs a request, and the inputs in the order in which it takes them.
  func prepared(
    _ inputs: [String: RuntimeValue]
  ) throws(EngineError) -> (executor: PlanExecutor, arguments: [RuntimeValue]) {
    let arguments = try ordered(inputs)
    return (try executor(for: arguments.map(\.type)), arguments)
  }

  func executor(for types: [ValueType?]) throws(EngineError) -> PlanExecutor {
    try plans.executor(for: types) { () throws(EngineError) in
      let stored = try compiled.planFile?.graph(for: types)
      do throws(GraphError) {
        if let stored { return try compiler.executor(of: stored) }
        let graph = compiler.options.optimize ? compiled.graph : compiled.model.graph
        return try compiler.executor(for: graph, inputTypes: types)
      } catch {
        throw model(error)
      }
    }
  }
}

/// What a user may choose about a session.
public struct SessionOptions: Sendable, Hashable {
  /// Numbers of threads that a session may have.
  public static let threadCounts = 1...1024

  /// Threads that share the work of one request, one of `threadCounts`.
  public var threads: Int
  /// The kernels to use, such as `avx2`; nil for the best that the processor runs, or what `SWIFTINFER_ISA` names.
  public var instructionSet: String?
  /// How plans are made.
  public var plan: PlanOptions
  /// The folder of what is kept from one process to the next, such as measurements of kernels; nil for `SWIFTINFER_CACHE`, or
  /// `swiftinfer` in `XDG_CACHE_HOME` or `~/.cache`.
  public var cacheFolder: String?

  /// One thread, all optimizations.
  public init(
    threads: Int = 1, instructionSet: String? = nil, plan: PlanOptions = PlanOptions(), cacheFolder: String? = nil
  ) {
    self.threads = threads
    self.instructionSet = instructionSet
    self.plan = plan
    self.cacheFolder = cacheFolder
  }
}

extension ValueType {
  /// Whether a value of this type may stand where the receiver is declared; unknown sizes accept any.
  func accepts(_ found: ValueType) -> Bool {
    switch (self, found) {
    case (.tensor(let type, let shape), .tensor(let foundType, let foundShape)):
      guard type == foundType else { return false }
      guard let shape, let foundShape else { return true }
      return shape.rank == foundShape.rank
        && zip(shape.dimensions, foundShape.dimensions).allSatisfy { $0.size == nil || $0 == $1 }
    case (.sequence(let element), .sequence(let foundElement)): return element.accepts(foundElement)
    case (.optional(let element), _): return element.accepts(found)
    default: return false
    }
  }
}
