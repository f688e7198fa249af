import Graph
import Synchronization

/// The weights of a model in the layouts of the kernels, each made once and shared by all its plans and sessions.
///
/// Weights that folding makes anew for each set of input sizes are not kept here: they belong to the plan that asked for them.
package final class WeightCache: Sendable {
  private struct Key: Hashable {
    let storage: ObjectIdentifier
    let scale: ObjectIdentifier?
    let format: String
  }

  private let entries = Mutex<[Key: any Sendable]>([:])
  /// The model's own storages; it outlives the cache, so no other storage ever has one of these identities.
  private let storages: Set<ObjectIdentifier>

  /// - Parameter graphs: the graphs of the model.
  init(of graphs: [Graph]) {
    storages = graphs.reduce(into: []) { $1.collectStorages(into: &$0) }
  }

  /// Packed weights that are kept.
  package var count: Int { entries.withLock { $0.count } }

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
    guard storages.contains(ObjectIdentifier(storage)),
      scaleStorage.map({ storages.contains(ObjectIdentifier($0)) }) ?? true
    else { return make() }
    let key = Key(
      storage: ObjectIdentifier(storage), scale: scaleStorage.map(ObjectIdentifier.init),
      format: "\(Packed.self)/\(format)/\(tensor.shape)")
    if let packed = entries.withLock({ $0[key] as? Packed }) { return packed }
    let packed = make()
    return entries.withLock { entries in
      if let other = entries[key] as? Packed { return other }
      entries[key] = packed
      storage.discardMappedPages()
      return packed
    }
  }
}

extension Graph {
  /// Adds the storages of all constants that nodes read, in subgraphs too.
  fileprivate func collectStorages(into storages: inout Set<ObjectIdentifier>) {
    for node in order.map({ self[$0] }) {
      for value in node.reads {
        if case .bytes(let storage)? = self[value].constant?.contents { storages.insert(ObjectIdentifier(storage)) }
      }
      for subgraph in node.attributes.values.flatMap(\.subgraphs) { subgraph.body.collectStorages(into: &storages) }
    }
  }
}
