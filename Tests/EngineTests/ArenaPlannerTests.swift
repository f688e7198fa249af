import Engine
import TestSupport
import Testing

struct ArenaPlannerTests {
  @Test(arguments: 0..<50)
  func buffersAliveTogetherDoNotOverlap(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let buffers = (0..<Int.random(in: 1...60, using: &random)).map { _ in
      let start = Int.random(in: 0..<40, using: &random)
      return ArenaPlanner.Buffer(
        byteCount: Int.random(in: 0...5000, using: &random),
        lifetime: start...start + Int.random(in: 0...10, using: &random))
    }
    let (offsets, byteCount) = ArenaPlanner.place(buffers)
    for i in buffers.indices {
      #expect(offsets[i] % ArenaPlanner.alignment == 0)
      #expect(offsets[i] + buffers[i].byteCount <= byteCount)
      for j in 0..<i where buffers[i].lifetime.overlaps(buffers[j].lifetime) {
        let apart = offsets[i] + buffers[i].byteCount <= offsets[j] || offsets[j] + buffers[j].byteCount <= offsets[i]
        #expect(apart || buffers[i].byteCount == 0 || buffers[j].byteCount == 0)
      }
    }
  }

  @Test func buffersOneAfterAnotherShareMemory() {
    let buffers = (0..<10).map { ArenaPlanner.Buffer(byteCount: 640, lifetime: $0...$0) }
    #expect(ArenaPlanner.place(buffers).byteCount == 640)
  }

  @Test func sumsBeyondAnyMemoryEndAtTheLargestNumber() {
    let buffers = (0..<10_000).map { _ in ArenaPlanner.Buffer(byteCount: 1 << 50, lifetime: 0...1) }
    #expect(ArenaPlanner.place(buffers).byteCount == .max)
  }

  @Test func aChainNeedsTwoBuffers() {
    let buffers = (0..<10).map { ArenaPlanner.Buffer(byteCount: 640, lifetime: $0...($0 + 1)) }
    #expect(ArenaPlanner.place(buffers).byteCount == 1280)
  }
}
