import Graph
import Kernels

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

extension PlanCompiler {
  /// The compiler of a session: kernels of the instruction set, and threads, that the options ask for.
  ///
  /// A plan file brings its own instruction set and plan options.
  ///
  /// - Throws: `EngineError` naming the option that cannot be, or that the plan file was not made for.
  init(
    for compiled: CompiledModel, options: SessionOptions, tuning: @escaping TuningEvent.Handler
  ) throws(EngineError) {
    var options = options
    if let file = compiled.planFile {
      options.instructionSet = try file.instructionSet(asked: options.instructionSet)
      options.plan = file.manifest.options
      // The file has the weights for the kernels that it chose.
      options.plan.tuning = .off
    }
    let kernels = try KernelContext(for: options)
    self.init(
      options: options.plan, weights: compiled.weights, kernels: kernels,
      convolutions: ConvolutionChooser(
        options: options, kernels: kernels, fixed: compiled.planFile?.choices ?? [:], report: tuning))
  }
}

extension KernelContext {
  /// The kernels of the instruction set, and the threads, that a session's options ask for.
  ///
  /// - Throws: `EngineError` naming the option that cannot be.
  init(for options: SessionOptions) throws(EngineError) {
    guard SessionOptions.threadCounts.contains(options.threads) else {
      let counts = SessionOptions.threadCounts
      throw .invalidOption(
        option: "threads", expected: "\(counts.lowerBound) to \(counts.upperBound)", found: "\(options.threads)")
    }
    let table: KernelTable
    do throws(KernelError) {
      if let name = options.instructionSet {
        table = try KernelTable.select(name)
      } else {
        table = try KernelTable.current()
      }
    } catch {
      throw .kernels(error)
    }
    self.init(table: table, pool: SharedThreadPools.pool(threads: options.threads))
  }
}

extension PlanFile {
  /// The instruction set for which the plan was made.
  ///
  /// - Parameter name: those that are asked for; nil for what `SWIFTINFER_ISA` names, if it is set.
  /// - Throws: `EngineError.plan` if the processor does not run them, or others are asked for; `EngineError.kernels` if those do
  ///   not exist or cannot run here.
  fileprivate func instructionSet(asked name: String?) throws(EngineError) -> String {
    let asked = name ?? getenv(KernelTable.environmentVariable).map { String(cString: $0) } ?? ""
    let made = manifest.instructionSet
    func foreign(_ expected: String) -> EngineError {
      .plan(file: path, .foreign(what: "instruction set", expected: expected, found: made))
    }
    guard asked.isEmpty || asked == made else {
      do throws(KernelError) { _ = try KernelTable.select(asked) } catch { throw .kernels(error) }
      throw foreign(asked)
    }
    do throws(KernelError) { _ = try KernelTable.select(made) } catch {
      throw foreign(KernelTable.runnable.map(\.name).joined(separator: " or "))
    }
    return made
  }

  /// How convolutions are computed, by the texts of their shapes.
  fileprivate var choices: [String: ConvolutionChooser.Choice] {
    manifest.choices.compactMapValues { choice in
      Convolution.Algorithm(rawValue: choice.algorithm).map {
        ConvolutionChooser.Choice(algorithm: $0, measurement: choice.measurement)
      }
    }
  }
}
