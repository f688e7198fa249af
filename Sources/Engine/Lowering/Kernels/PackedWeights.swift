import Graph

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

  /// Keeps numbers as they are.
  init(_ numbers: [Float]) {
    storage = TensorStorage(byteCount: numbers.count * MemoryLayout<Float>.stride) { target in
      numbers.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }

  /// The same bytes in memory of their own.
  func copy() -> PackedWeights { PackedWeights(copying: storage) }

  private init(copying source: TensorStorage) {
    storage = TensorStorage(byteCount: source.byteCount) { target in
      target.copyMemory(from: UnsafeRawBufferPointer(start: source.base, count: source.byteCount))
    }
  }

  /// The packed weights as numbers.
  var floats: UnsafePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
