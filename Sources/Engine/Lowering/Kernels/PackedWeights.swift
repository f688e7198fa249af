import Graph
import Kernels

/// Constant weights in the layout of a kernel.
package struct PackedWeights: Sendable {
  let storage: TensorStorage

  /// The first byte, aligned to a cache line.
  var base: UnsafeRawPointer { storage.base }
  /// All bytes.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount) }

  /// Refers to weights that were packed before.
  init(_ storage: TensorStorage) { self.storage = storage }

  /// Packs weights.
  ///
  /// - Parameters:
  ///   - weights: 32-bit floats.
  ///   - scale: a factor for each index of their first axis; none if nil.
  ///   - byteCount: bytes that the packed weights take.
  ///   - staging: memory for weights that cannot be packed from where they are.
  ///   - pack: fills the packed weights from the elements.
  init(
    _ weights: Tensor, scaledBy scale: Tensor? = nil, byteCount: Int, staging: StagingMemory,
    pack: (UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void
  ) {
    storage = TensorStorage(lasting: byteCount) { target in
      guard let base = target.baseAddress else { return }
      staging.withFloats(of: weights, scaledBy: scale) { pack($0, base) }
    }
  }

  /// Keeps numbers as they are.
  init(_ numbers: [Float]) {
    storage = TensorStorage(byteCount: numbers.count * MemoryLayout<Float>.stride) { target in
      numbers.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }

  /// The same bytes in memory of their own.
  func copy() -> PackedWeights {
    PackedWeights(TensorStorage(lasting: bytes.count) { $0.copyMemory(from: bytes) })
  }

  /// The packed weights as numbers.
  var floats: UnsafePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}

/// Memory for weights on the way to their layout, used again and again while a plan is made.
///
/// A file may hold floats at any address, and the factors of a folded batch normalization are multiplied before packing: then
/// there is a copy, of one layer at a time and made on all threads.
package final class StagingMemory {
  /// Elements that one task copies.
  private static let taskCount = 1 << 16

  private let pool: ThreadPool
  private var memory = LastingMemory(byteCount: 0)

  init(pool: ThreadPool) { self.pool = pool }

  /// Lends the elements of a tensor of floats, times the factor of their index along the first axis if there are factors.
  func withFloats(of weights: Tensor, scaledBy scale: Tensor?, _ body: (UnsafePointer<Float>) -> Void) {
    guard case .bytes(let source) = weights.contents else { return }
    defer { withExtendedLifetime(source) {} }
    let factors = scale?.elements(Float.self) ?? []
    if factors.isEmpty, UInt(bitPattern: source.base) % UInt(MemoryLayout<Float>.alignment) == 0 {
      return body(source.base.assumingMemoryBound(to: Float.self))
    }
    let count = weights.count
    if memory.byteCount < weights.byteCount { memory = LastingMemory(byteCount: weights.byteCount) }
    let target = memory.base.bindMemory(to: Float.self, capacity: count)
    let rowCount = count / max(1, factors.count)
    pool.parallel((count + Self.taskCount - 1) / Self.taskCount) { task in
      let range = task * Self.taskCount..<min(count, (task + 1) * Self.taskCount)
      let stride = MemoryLayout<Float>.stride
      memory.base.advanced(by: range.lowerBound * stride)
        .copyMemory(from: source.base + range.lowerBound * stride, byteCount: range.count * stride)
      var start = range.lowerBound
      while start < range.upperBound, !factors.isEmpty {
        let row = start / rowCount
        let end = min(range.upperBound, (row + 1) * rowCount)
        let factor = factors[row]
        for i in start..<end { target[i] *= factor }
        start = end
      }
    }
    body(target)
  }
}
