import Graph

/// Constant weights in the layout of a kernel.
package struct PackedWeights: Sendable {
  private let storage: TensorStorage

  /// The first byte, aligned to a cache line.
  var base: UnsafeRawPointer { storage.base }

  /// Packs weights.
  ///
  /// - Parameters:
  ///   - weights: 32-bit floats.
  ///   - byteCount: bytes that the packed weights take.
  ///   - pack: fills the packed weights from the elements.
  init(
    _ weights: Tensor, byteCount: Int, pack: (UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void
  ) {
    storage = TensorStorage(byteCount: byteCount) { target in
      guard case .bytes(let source) = weights.aligned(to: MemoryLayout<Float>.alignment).contents,
        let base = target.baseAddress
      else { return }
      pack(source.base.assumingMemoryBound(to: Float.self), base)
      withExtendedLifetime(source) {}
    }
  }
}
