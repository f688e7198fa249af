import Foundation
import Graph
import Kernels

/// Plan files of model files, made when they are first asked for and kept for later processes.
///
///     let compiled = try PlanStore().compiled("bert.onnx", shapes: shapes, options: options) { print($0) }
///
/// There is a file for each model, by its real path, and each combination of sizes, options, instruction set and processor. One
/// that is stale, foreign or damaged is made anew, and one that cannot be written is not missed: each time a note says so.
public struct PlanStore: Sendable {
  private let folder: URL

  /// - Parameter folder: where the files are; nil for `SWIFTINFER_CACHE`, or `swiftinfer` in `XDG_CACHE_HOME` or `~/.cache`.
  public init(folder: String? = nil) {
    self.folder =
      folder.map { URL(filePath: $0) } ?? TimingStore.folder(environment: ProcessInfo.processInfo.environment)
  }

  /// A model with its plan, from the store or made for it.
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
    let kernels = try KernelContext(for: options)
    let file = self.file(of: path, shapes: shapes, options: options, table: kernels.table)
    if FileManager.default.fileExists(atPath: file) {
      do throws(EngineError) {
        let plan = try PlanFile(contentsOf: file)
        guard plan.source.path == realPath(path) else {
          throw .plan(file: file, .stale(model: path, what: "took the place of \(plan.source.name)"))
        }
        try plan.check(pool: kernels.pool)
        return try CompiledModel(plan)
      } catch {
        if case .plan(_, let fault) = error {
          note("\(file): \(fault); it is made anew")
        } else {
          note("\(error); it is made anew")
        }
      }
    }
    let compiled = try CompiledModel(contentsOf: path)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      note("\(folder.path): plans are not kept: \(error.localizedDescription)")
      return compiled
    }
    do throws(EngineError) {
      try compiled.writePlan(to: file, shapes: [shapes], options: options, tuning: tuning)
      return try CompiledModel(PlanFile(contentsOf: file))
    } catch {
      guard case .model(_, .unwritable(_, let reason)) = error else { throw error }
      note("\(file): the plan is not kept: \(reason)")
      return compiled
    }
  }

  /// The file for all that a plan depends on.
  private func file(of path: String, shapes: [String: [Int]], options: SessionOptions, table: KernelTable) -> String {
    let sizes = shapes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let choices = options.plan
    let key = [
      realPath(path) ?? path, sizes.joined(separator: ","), "\(options.threads)", table.name, Processor.identity,
      "\(choices.optimize) \(choices.winograd) \(choices.tuning.rawValue) \(choices.skipPadding)",
    ]
    let digits = String(Array(key.joined(separator: "\n").utf8).withUnsafeBytes { Checksum.of($0) }, radix: 16)
    let name = URL(filePath: path).deletingPathExtension().lastPathComponent
    return folder.appending(path: "plan-\(name)-\(digits).plan").path
  }
}
