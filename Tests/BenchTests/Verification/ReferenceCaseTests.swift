import Bench
import Engine
import Kernels
import TestSupport
import Testing

/// The reference cases of `Tests/Fixtures/cases`, whose outputs onnxruntime and PyTorch made.
struct ReferenceCaseTests {
  /// How each case runs: every instruction set of this machine, one thread and two, with passes and without.
  static let options = KernelTable.runnable.flatMap { table in
    [
      SessionOptions(threads: 1, instructionSet: table.name),
      SessionOptions(threads: 2, instructionSet: table.name),
      SessionOptions(threads: 1, instructionSet: table.name, plan: PlanOptions(optimize: false)),
    ]
  }

  @Test(arguments: options)
  func everyCasePasses(options: SessionOptions) throws {
    let cases = try VerificationCase.find(in: Fixture.folder)
    #expect(cases.count > 250)
    let verifier = Verifier(options: options)
    #expect(cases.map(verifier.run).filter { $0.status != .pass } == [])
  }
}
