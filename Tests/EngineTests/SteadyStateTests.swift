import CAllocationCounter
import Engine
import Graph
import TestSupport
import Testing
import Zoo

/// A request that runs again takes nothing from the heap.
///
/// The counter is that of the calling thread. With two threads it counts each step's dispatch and the calling thread's
/// share of the work, which is cut into tasks that are all alike.
@Suite(.enabled(if: allocation_counter_count() >= 0, "this build cannot count allocations"))
struct SteadyStateTests {
  @Test func theCounterCounts() {
    let before = allocation_counter_count()
    let block = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 16)
    let aligned = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 4096)
    #expect(allocation_counter_count() - before >= 2)
    block.deallocate()
    aligned.deallocate()
  }

  @Test(arguments: [ZooModel.tinyCNN, .tinyEncoder, .mobileNetV2, .resNet50, .bertSmall], [1, 2])
  func zooModelsAllocateNothing(_ model: ZooModel, threads: Int) throws {
    let session = try Session(CompiledModel(model.build()), options: SessionOptions(threads: threads))
    try expectNoAllocation(InferenceRequest(session))
  }

  /// Exports of PyTorch as they are, shape computations, masks and all.
  @Test(
    arguments: ["bert_eager_opset17", "bert_sdpa_opset17", "distilbert", "conv_residual_block_dynamo"], [1, 2])
  func exportsAllocateNothing(_ fixture: String, threads: Int) throws {
    let session = try Session(
      CompiledModel(contentsOf: Fixture.model(fixture)), options: SessionOptions(threads: threads))
    try expectNoAllocation(InferenceRequest(session))
  }

  /// The plans of two lengths, in turn.
  @Test func requestsWithPaddingAllocateNothing() throws {
    let request = try InferenceRequest(Session(CompiledModel(ZooModel.tinyEncoder.build())))
    func run(real: Int) throws {
      try request.withInput("attention_mask") { (mask: inout MutableSpan<Int64>) in
        for i in mask.indices { mask[i] = i < real ? 1 : 0 }
      }
      try request.run()
    }
    for _ in 0..<2 { for real in [9, 20] { try run(real: real) } }
    let before = allocation_counter_count()
    for _ in 0..<3 { for real in [9, 20] { try run(real: real) } }
    #expect(allocation_counter_count() - before == 0)
  }

  private func expectNoAllocation(_ request: InferenceRequest) throws {
    for _ in 0..<2 { try request.run() }
    let before = allocation_counter_count()
    for _ in 0..<3 { try request.run() }
    #expect(allocation_counter_count() - before == 0)
  }
}
