import Engine
import Foundation
import Graph
import Kernels
import Synchronization
import TestSupport
import Testing

/// How a plan computes convolutions.
struct ConvolutionChoiceTests {
  /// A convolution for which Winograd's algorithm is the fastest: 32 channels of 28 x 28 positions.
  static func model() throws -> CompiledModel {
    var graph = Graph(name: "layers")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [1, 32, 28, 28]))
    let count = 32 * 32 * 9
    let weights = Tensor(shape: [32, 32, 3, 3], (0..<count).map { Float($0 * 7 % 23) / 23 - 0.5 })
    let y = graph.append(
      OperatorID("Conv", version: 11), name: "conv", inputs: [x, graph.addConstant(name: "w", weights)],
      attributes: ["pads": .ints([1, 1, 1, 1])], output: "y")
    graph.addOutput(y)
    return try CompiledModel(Model(graph: graph, source: "layers"))
  }

  /// Whole numbers small enough that sums are exact in any order.
  static var input: Tensor { Tensor(shape: [1, 32, 28, 28], (0..<32 * 28 * 28).map { Float($0 % 17) - 8 }) }

  static func session(_ plan: PlanOptions) throws -> Session {
    try Session(model(), options: SessionOptions(plan: plan))
  }

  /// A plan of measured kernels gives what a plan without gives, and tells what was measured; the next session finds it.
  @Test(arguments: [PlanOptions.Tuning.fast, .full], [1, 2])
  func measuredPlansGiveTheSame(tuning: PlanOptions.Tuning, threads: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "swiftinfer-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let options = SessionOptions(threads: threads, plan: PlanOptions(tuning: tuning), cacheFolder: folder.path)
    let events = Mutex<[TuningEvent]>([])
    let model = try Self.model()
    let tuned = try Session(model, options: options) { event in events.withLock { $0.append(event) } }
    let timings = try tuned.plan().stepDescriptions.compactMap(\.measurement).flatMap(\.timings)
    #expect(Set(timings.map(\.kernel)) == ["positionsInLanes", "channelsInLanes", "winograd2", "winograd4"])
    #expect(timings.allSatisfy { $0.microseconds > 0 })
    let shape = "1x32x28x28 to 32, 3x3, pads 1x1 1x1"
    #expect(events.withLock { $0 } == [.measuring(layer: 1, of: 1, shape: shape), .finished])

    let found = try #require(try tuned.run(["x": Self.input])["y"]?.elements(Float.self))
    let expected = try #require(
      try Session(model, options: SessionOptions(plan: PlanOptions(winograd: false))).run(["x": Self.input])["y"]?
        .elements(Float.self))
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })

    let again = try Session(model, options: options) { event in events.withLock { $0.append(event) } }
    #expect(try again.plan().stepDescriptions == tuned.plan().stepDescriptions)
    #expect(events.withLock { $0.count } == 2)
  }

  @Test func winogradMayBeSwitchedOff() throws {
    let (on, off) = (try Self.session(PlanOptions()), try Self.session(PlanOptions(winograd: false)))
    #expect(try on.plan().kernels.contains { $0.contains("winograd") })
    #expect(try off.plan().kernels.allSatisfy { !$0.contains("winograd") })
    let found = try #require(try on.run(["x": Self.input])["y"]?.elements(Float.self))
    let expected = try #require(try off.run(["x": Self.input])["y"]?.elements(Float.self))
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
  }

  /// Two convolutions may have the same weights and need them in other layouts.
  @Test(arguments: KernelTable.runnable)
  func sharedWeightsArePackedForEach(table: KernelTable) throws {
    let weights = Tensor(shape: [8, 1, 3, 3], (0..<72).map { Float($0 % 11) - 5 })
    let variants: [[String: Attribute]] = [
      ["pads": .ints([1, 1, 1, 1])], ["dilations": .ints([2, 2]), "pads": .ints([2, 2, 2, 2])],
      ["strides": .ints([3, 3])],
    ]
    func results(_ variants: [[String: Attribute]]) throws -> [[Float]] {
      var graph = Graph(name: "shared")
      let x = graph.addInput(name: "x", type: .tensor(.float32, [1, 4, 20, 20]))
      let w = graph.addConstant(name: "w", weights)
      for (index, attributes) in variants.enumerated() {
        let y = graph.append(
          OperatorID("Conv", version: 11), inputs: [x, w],
          attributes: attributes.merging(["group": .int(4)]) { $1 }, output: "y\(index)")
        graph.addOutput(y)
      }
      let session = try Session(
        CompiledModel(Model(graph: graph, source: "shared")), options: SessionOptions(instructionSet: table.name))
      let found = try session.run(["x": Tensor(shape: [1, 4, 20, 20], (0..<1600).map { Float($0 % 13) - 6 })])
      return try variants.indices.map { try #require(found["y\($0)"]?.elements(Float.self)) }
    }
    #expect(try results(variants) == variants.flatMap { try results([$0]) })
  }
}
