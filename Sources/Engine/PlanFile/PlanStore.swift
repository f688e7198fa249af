import Foundation
import Graph
import Kernels

/// Plan files of model files, made when they are first asked for and kept for later processes.
///
///     let compiled = try PlanStore().compiled("bert.onnx", shapes: shapes, options: options) { print($0) }
///
/// There is a file for each model, by its path, and each combination of options, instruction set and processor; for each
/// number of threads too if kernels are chosen by measuring them. It serves all sizes of inputs for which it has the weights, as
/// texts of any length; it is made anew for other sizes, and keeps the last few for which it was made. One that is stale, foreign
/// or damaged is made anew too, and one that cannot be written is not missed: each time a note says so.
///
/// When the files take more than the limit, those go that were not used for longest.
public struct PlanStore: Sendable {
  /// Bytes that plan files may take in a folder unless another limit is given: 8 GiB.
  public static let standardByteLimit = 8 << 30
  /// Sets of sizes for which a file is made at most.
  private static let setLimit = 8

  private let folder: PlanFolder

  /// - Parameters:
  ///   - folder: where the files are; nil for `SWIFTINFER_CACHE`, or `swiftinfer` in `XDG_CACHE_HOME` or `~/.cache`.
  ///   - byteLimit: bytes that plan files may take there together. The one that was made last stays, whatever its size, and
  ///     files that no store made are never removed.
  public init(folder: String? = nil, byteLimit: Int = standardByteLimit) {
    self.folder = PlanFolder(
      url: folder.map { URL(filePath: $0) } ?? TimingStore.folder(environment: ProcessInfo.processInfo.environment),
      byteLimit: byteLimit)
  }

  /// A model with its plan, from the store or made for it; a plan file is opened as it is.
  ///
  /// - Parameters:
  ///   - path: the model's file.
  ///   - shapes: sizes of inputs by name; the model's own where a name is left out.
  ///   - options: the kernels and how they are chosen.
  ///   - tuning: is told how far measurements of kernels are.
  ///   - note: is told why a plan was made anew or is not kept.
  /// - Throws: `EngineError` if the model itself, a shape or an option is at fault.
  public func compiled(
    _ path: String, shapes: [String: [Int]] = [:], options: SessionOptions = SessionOptions(),
    tuning: @escaping TuningEvent.Handler = { _ in }, note: (String) -> Void = { _ in }
  ) throws(EngineError) -> CompiledModel {
    if PlanFile.isPlan(path) { return try CompiledModel(contentsOf: path) }
    let kernels = try KernelContext(for: options)
    let file = self.file(of: path, options: options, table: kernels.table)
    var sets = [shapes]
    if let kept = kept(file, of: path, pool: kernels.pool, note: note), let plan = kept.planFile {
      do throws(EngineError) {
        if try kept.isMade(for: shapes, options: options) {
          folder.noteUse(of: file)
          return kept
        }
        note("\(file): was not made for these sizes of inputs, which need more; it is made anew, for them too")
        sets += plan.sizes.prefix(Self.setLimit - 1)
      } catch {
        // If it is not the plan's fault, the model itself tells which size is at fault.
        if case .plan(_, let fault) = error { note("\(file): \(fault); it is made anew") }
      }
    }
    let compiled = try CompiledModel(contentsOf: path)
    _ = try compiled.inputTypes(forShapes: shapes)
    do { try folder.make() } catch {
      note("\(folder.url.path): plans are not kept: \(error.localizedDescription)")
      return compiled
    }
    do throws(EngineError) {
      try compiled.writePlan(to: file, shapes: sets, options: options, tuning: tuning)
    } catch {
      if case .model(_, .unwritable(_, let reason)) = error {
        note("\(file): the plan is not kept: \(reason)")
      } else {
        note("\(file): the plan is not kept: \(error)")
      }
      return compiled
    }
    folder.makeRoom(besides: file)
    do throws(EngineError) {
      let made = try CompiledModel(PlanFile(contentsOf: file))
      if try made.isMade(for: shapes, options: options) { return made }
      note("\(file): does not have what it was made for; the model is used without")
    } catch {
      // Another process may have removed it already.
      note("\(error); the model is used without")
    }
    return compiled
  }

  /// The model of a file of the store; nil, with a note where that is not because it does not exist, if it cannot be used.
  private func kept(
    _ file: String, of path: String, pool: ThreadPool, note: (String) -> Void
  ) -> CompiledModel? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    do throws(EngineError) {
      let plan = try PlanFile(contentsOf: file)
      guard plan.source.files.first?.path == FilePath.absolute(path) else {
        throw .plan(file: file, .stale(model: path, what: "took the place of \(plan.source.name)"))
      }
      try plan.check(pool: pool, needsModel: true)
      return try CompiledModel(plan)
    } catch {
      if case .plan(_, let fault) = error {
        note("\(file): \(fault); it is made anew")
      } else {
        note("\(error); it is made anew")
      }
      return nil
    }
  }

  /// The file for all that a plan depends on but the sizes of inputs.
  private func file(of path: String, options: SessionOptions, table: KernelTable) -> String {
    let choices = options.plan
    return folder.file(
      called: URL(filePath: path).deletingPathExtension().lastPathComponent,
      key: [
        FilePath.absolute(path), table.name, Processor.identity,
        "\(choices.optimize) \(choices.winograd) \(choices.tuning.rawValue) \(choices.skipPadding)",
        choices.tuning == .off ? "" : "\(options.threads)",
      ])
  }
}

extension CompiledModel {
  /// Whether the plan file that this model comes from has all that a session needs for inputs of these sizes, so that it need
  /// not pack weights, nor choose kernels that were to be measured.
  ///
  /// - Throws: `EngineError.plan` if the graph for these sizes is damaged, another if a size or an option is at fault.
  fileprivate func isMade(for shapes: [String: [Int]], options: SessionOptions) throws(EngineError) -> Bool {
    guard let planFile else { return false }
    let types = try inputTypes(forShapes: shapes)
    if let graph = try planFile.graph(for: types) {
      planFile.keep(graph, for: types)
      return true
    }
    if options.plan.tuning != .off, !planFile.manifest.choices.isEmpty { return false }
    let count = weights.count
    let compiler = try PlanCompiler(for: self, options: options, tuning: { _ in })
    do throws(GraphError) {
      let graph = try compiler.specialized(graph, inputTypes: types)
      _ = try compiler.plan(for: graph)
      guard weights.count == count else { return false }
      planFile.keep(graph, for: types)
      return true
    } catch {
      if case .absentConstant = error { return false }
      throw .model(source: model.source, error)
    }
  }
}
