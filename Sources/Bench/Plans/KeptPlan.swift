import Engine

/// A model whose plan comes from a store.
struct KeptPlan {
  private let path: String
  private let store: PlanStore
  private let options: SessionOptions
  private let tuning: TuningEvent.Handler
  private let note: @Sendable (String) -> Void

  /// - Returns: nil if no plan is to be kept, or none can be.
  init?(
    of model: ModelReference, store: PlanStore?, options: SessionOptions,
    tuning: @escaping TuningEvent.Handler = { _ in }, note: @escaping @Sendable (String) -> Void
  ) {
    guard let store, case .file(let path) = model, !model.isPlan else { return nil }
    (self.path, self.store, self.options, self.tuning, self.note) = (path, store, options, tuning, note)
  }

  /// The model with its plan for inputs of these sizes.
  func compiled(_ sizes: [String: [Int]]) throws -> CompiledModel {
    try store.compiled(path, shapes: sizes, options: options, tuning: tuning, note: note)
  }
}
