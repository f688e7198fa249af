import Graph
import Synchronization

/// Weights in the layouts of the kernels, each made once and shared by all plans and sessions of a model.
package final class WeightCache: Sendable {
  private struct Key: Hashable {
    let storage: ObjectIdentifier
    let scale: ObjectIdentifier?
    let format: String
  }

  private struct Entry {
    /// Keep the identities of the storages unique as long as the entry lives.
    let source: TensorStorage
    let scale: TensorStorage?
    let packed: any Sendable
  }

  private let entries = Mutex<[Key: Entry]>([:])

  init() {}

  /// The weights of a tensor in a packed layout.
  ///
  /// - Parameters:
  ///   - scale: numbers that the packed weights depend on too.
  ///   - format: names the layout with everything that it depends on; equal names must mean equal bytes.
  ///   - make: packs, if nobody has yet.
  package func packed<Packed: Sendable>(
    _ tensor: Tensor, scaledBy scale: Tensor? = nil, format: String, make: () -> Packed
  ) -> Packed {
    guard case .bytes(let storage) = tensor.contents else { return make() }
    let scaleStorage: TensorStorage? = if case .bytes(let factors)? = scale?.contents { factors } else { nil }
    let key = Key(
      storage: ObjectIdentifier(storage), scale: scaleStorage.map(ObjectIdentifier.init),
      format: "\(Packed.self)/\(format)/\(tensor.shape)")
    if let packed = entries.withLock({ $0[key]?.packed as? Packed }) { return packed }
    let packed = make()
    return entries.withLock { entries in
      if let other = entries[key]?.packed as? Packed { return other }
      entries[key] = Entry(source: storage, scale: scaleStorage, packed: packed)
      storage.discardMappedPages()
      return packed
    }
  }
}
