import Kernels
import Synchronization

/// Chooses how the convolutions of a session's plans are computed: by arithmetic, or by measurements where the user asks for them.
package final class ConvolutionChooser: Sendable {
  /// Prepares a candidate of a layer: what it gives runs the layer once and tells how long that took.
  ///
  /// It gives nil for a layer that cannot be measured.
  package typealias Prepare = @Sendable (ConvolutionShape, Convolution.Algorithm) -> (() -> Duration)?

  /// An algorithm chosen for a layer.
  package struct Choice: Sendable {
    /// What was chosen.
    package let algorithm: Convolution.Algorithm
    /// What was measured; nil where not all candidates were.
    package let measurement: LayerMeasurement?
  }

  /// Whether to measure, and which algorithms are allowed.
  let options: PlanOptions
  private let table: KernelTable
  private let store: TimingStore?
  private let rules: TuningRules
  private let prepare: Prepare
  private let now: @Sendable () -> ContinuousClock.Instant
  private let report: TuningEvent.Handler
  /// Choices of a plan file, which stand, by the shapes' texts.
  private let fixed: [String: Choice]
  /// What was chosen, by the shapes' texts.
  private let made = Mutex<[String: Choice]>([:])
  /// What is known of layers, by their shapes' texts; nil until the store is read.
  private let known = Mutex<[String: LayerTimings]?>(nil)

  /// Measurements disturb each other, so that one session measures at a time.
  private static let measuring = Mutex<Void>(())

  /// - Parameters:
  ///   - options: whether to measure, and which algorithms are allowed.
  ///   - table: the kernels.
  ///   - store: where measurements are kept; nil to keep none.
  ///   - prepare: makes what is measured.
  ///   - fixed: choices that stand, by the texts of the shapes.
  ///   - now: the clock of the budget.
  ///   - report: is told of the progress.
  package init(
    options: PlanOptions, table: KernelTable, store: TimingStore?, rules: TuningRules? = nil,
    fixed: [String: Choice] = [:],
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, report: @escaping TuningEvent.Handler = { _ in },
    prepare: @escaping Prepare
  ) {
    self.options = options
    self.table = table
    self.store = store
    self.rules = rules ?? (options.tuning == .full ? .full : .fast)
    self.prepare = prepare
    self.fixed = fixed
    self.now = now
    self.report = report
  }

  /// The chooser of a session: measures on the session's threads, keeps what it measured in the machine's file.
  convenience init(
    options: SessionOptions, kernels: KernelContext, fixed: [String: Choice] = [:],
    report: @escaping TuningEvent.Handler
  ) {
    self.init(
      options: options.plan, table: kernels.table,
      store: options.plan.tuning == .off ? nil : TimingStore(for: kernels, folder: options.cacheFolder),
      fixed: fixed, report: report
    ) { shape, algorithm in
      guard var trial = ConvolutionTrial(shape, algorithm, kernels: kernels) else { return nil }
      return { trial.run() }
    }
  }

  /// What was chosen so far, by the texts of the shapes.
  package var choices: [String: Choice] { made.withLock { $0 } }

  /// The algorithm for a layer, by measurements if there are any of all its candidates.
  package func choice(_ shape: ConvolutionShape) -> Choice {
    let text = shape.description
    let choice: Choice
    if let known = fixed[text], candidates(shape).contains(known.algorithm) {
      choice = known
    } else {
      choice = newChoice(shape)
    }
    made.withLock { $0[text] = choice }
    return choice
  }

  private func newChoice(_ shape: ConvolutionShape) -> Choice {
    let preferred = Convolution.choice(shape, among: allowed, table: table)
    let candidates = candidates(shape)
    guard options.tuning != .off, let timings = known.withLock({ $0?[shape.description] }),
      timings.covers(candidates)
    else { return Choice(algorithm: preferred, measurement: nil) }
    let sorted = candidates.compactMap { candidate in
      timings.microseconds[candidate.rawValue].map {
        LayerMeasurement.Timing(kernel: candidate.rawValue, microseconds: $0)
      }
    }.sorted { $0.microseconds < $1.microseconds }
    return Choice(
      algorithm: timings.fastest(of: candidates, preferring: preferred),
      measurement: LayerMeasurement(shape: shape.description, preferred: preferred.rawValue, timings: sorted))
  }

  /// Measures the layers that are not known yet, the heaviest first, within the budget.
  ///
  /// - Parameter shapes: the layers of a plan.
  package func tune(_ shapes: [ConvolutionShape]) {
    guard options.tuning != .off else { return }
    Self.measuring.withLock { _ in
      readStore()
      var unknown: [ConvolutionShape] = []
      for shape in Set(shapes) where candidates(shape).count > 1 {
        let timings = known.withLock { $0?[shape.description] }
        if timings?.answers(options.tuning, candidates(shape)) != true { unknown.append(shape) }
      }
      unknown.sort { ($1.multiplyAdds, $0.description) < ($0.multiplyAdds, $1.description) }
      guard !unknown.isEmpty else { return }
      let measured = measure(unknown)
      known.withLock { $0?.merge(measured) { $1 } }
      report(.finished)
      if let store, !measured.isEmpty, let note = store.add(measured) { report(.note(note)) }
      if measured.count < unknown.count {
        let left = unknown.count - measured.count
        report(.note("\(left) of \(unknown.count) layers are chosen by arithmetic: no time or memory to measure them"))
      }
    }
  }

  private var allowed: [Convolution.Algorithm] {
    Convolution.Algorithm.allCases.filter { $0.isDirectSum || options.winograd }
  }

  /// The algorithms worth measuring, the one that arithmetic prefers always among them.
  private func candidates(_ shape: ConvolutionShape) -> [Convolution.Algorithm] {
    let preferred = Convolution.choice(shape, among: allowed, table: table)
    let candidates = Convolution.candidates(shape, among: allowed, table: table)
    return candidates.contains(preferred) ? candidates : [preferred] + candidates
  }

  private func readStore() {
    guard known.withLock({ $0 == nil }) else { return }
    let (layers, note) = store?.read() ?? ([:], nil)
    known.withLock { $0 = layers }
    if let note { report(.note(note)) }
  }

  private func measure(_ shapes: [ConvolutionShape]) -> [String: LayerTimings] {
    let deadline = now().advanced(by: rules.budget)
    let race = LayerRace(rules: rules, now: now)
    var measured: [String: LayerTimings] = [:]
    for (index, shape) in shapes.enumerated() {
      let left = now().duration(to: deadline)
      guard left > .zero else { break }
      report(.measuring(layer: index + 1, of: shapes.count, shape: shape.description))
      let candidates = candidates(shape)
      let runs = candidates.compactMap { prepare(shape, $0) }
      guard runs.count == candidates.count else { continue }
      let share = min(left / (shapes.count - index), rules.candidateBudget * candidates.count)
      guard let durations = race.run(runs, share: share, deadline: deadline) else { break }
      let times = durations.map { $0 / .microseconds(1) }
      measured[shape.description] = LayerTimings(
        tuning: options.tuning,
        // A clock may be too coarse for the smallest layers.
        microseconds: Dictionary(
          zip(candidates.map(\.rawValue), times.map { max($0, 0.001) }), uniquingKeysWith: { first, _ in first }))
    }
    return measured
  }
}
