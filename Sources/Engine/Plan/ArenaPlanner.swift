import Kernels

/// Places buffers in one piece of memory so that buffers alive at the same time do not overlap.
///
/// Greedy by size: the largest buffer first, each at the lowest free offset that fits. Within a few per cent of the
/// lower bound on the graphs of interest. Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference"
/// (2020), section 5.2.
package struct ArenaPlanner {
  /// A piece of memory with the span of steps during which it is in use.
  package struct Buffer {
    package var byteCount: Int
    package var lifetime: ClosedRange<Int>

    package init(byteCount: Int, lifetime: ClosedRange<Int>) {
      self.byteCount = byteCount
      self.lifetime = lifetime
    }
  }

  /// Offsets are multiples of this: a cache line.
  package static let alignment = 64

  /// Chooses an offset for each buffer.
  ///
  /// - Returns: the offsets, parallel to `buffers`, and the bytes that the arena needs; `Int.max` if they are more, whose offsets
  ///   are then of no use.
  package static func place(_ buffers: [Buffer]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []  // by ascending offset
    var total = 0
    for index in buffers.indices.sorted(by: { buffers[$0].byteCount > buffers[$1].byteCount }) {
      let size = aligned(buffers[index].byteCount)
      var offset = 0
      for other in placed where buffers[other].lifetime.overlaps(buffers[index].lifetime) {
        if offset.addingSaturated(size) <= offsets[other] { break }
        offset = max(offset, offsets[other].addingSaturated(aligned(buffers[other].byteCount)))
      }
      offsets[index] = offset
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: position)
      total = max(total, offset.addingSaturated(size))
    }
    return (offsets, total)
  }

  /// The next multiple of the alignment.
  private static func aligned(_ byteCount: Int) -> Int {
    byteCount.addingSaturated(alignment - 1) / alignment * alignment
  }
}
