import Bench
import Engine
import Foundation
import Graph
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

  /// A plan file gives the model's results bit for bit, whatever its operators and the types of its values.
  @Test func everyCaseRunsFromAPlanFile() throws {
    let folder = try TemporaryFolder()
    for testCase in try VerificationCase.find(in: Fixture.folder) {
      do {
        let compiled = try CompiledModel(contentsOf: testCase.model.path)
        let graph = compiled.model.graph
        let data = try #require(testCase.dataSets.first)
        let files = graph.inputs.indices.map { number in
          "\(graph[graph.inputs[number]].name)=\(data.appending(path: "input_\(number).pb").path)"
        }
        let inputs = try ModelInputs(for: compiled.model, reference: .file(testCase.model.path)).files(files)
        let sizes = inputs.compactMapValues { $0.tensor?.shape }
        try compiled.writePlan(to: folder.file("plan"), shapes: [sizes])
        let found = try Session(CompiledModel(contentsOf: folder.file("plan"))).runValues(inputs)
        let expected = try Session(compiled).runValues(inputs)
        #expect(found.mapValues(\.bits) == expected.mapValues(\.bits), "\(testCase.name)")
      } catch {
        Issue.record("\(testCase.name): \(error)")
      }
    }
  }
}

extension RuntimeValue {
  /// Types, sizes and elements, to be compared bit for bit.
  fileprivate var bits: [String] {
    func bits(_ tensor: Tensor) -> String {
      let bytes = tensor.withBytes { bytes in bytes.indices.map { bytes[$0] } }
      return "\(tensor.dataType) \(tensor.shape) \(bytes ?? []) \(tensor.strings ?? [])"
    }
    return switch self {
    case .tensor(let tensor): [bits(tensor)]
    case .sequence(let tensors, let type): ["\(type)"] + tensors.map(bits)
    case .none: []
    }
  }
}
