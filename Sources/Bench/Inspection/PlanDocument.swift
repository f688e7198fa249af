import Engine

/// A plan as a document: what `swiftinfer inspect --plan --json` prints.
public struct PlanDocument: Encodable, Sendable {
  /// A step of the plan.
  struct Step: Encodable {
    let node: String
    let operation: String
    let kernel: String
    let output: String?
    let placement: String
    /// What was measured to choose the kernel; left out where nothing was.
    let measurement: LayerMeasurement?
  }

  private let model: String
  private let threads: Int
  private let instructionSet: String
  private let arenaByteCount: Int
  private let steps: [Step]

  private enum CodingKeys: String, CodingKey {
    case model, threads, steps
    case instructionSet = "isa"
    case arenaByteCount = "arena_bytes"
  }

  /// Describes a plan of a session.
  public init(_ plan: Plan, of session: Session, reference: ModelReference) {
    model = reference.text
    threads = session.options.threads
    instructionSet = session.instructionSetName
    arenaByteCount = plan.arenaByteCount
    steps = plan.stepDescriptions.map { step in
      Step(
        node: step.node, operation: step.operation, kernel: step.kernel, output: step.output?.description,
        placement: step.placement, measurement: step.measurement)
    }
  }
}
