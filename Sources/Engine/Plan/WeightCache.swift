import Graph
import Synchronization

/// The weights of a model in the layouts of the kernels, each made once and shared by all its plans and sessions.
///
/// Weights that folding makes anew for each set of input sizes are not kept here: they belong to the plan that asked for them.
package final class WeightCache: Sendable {
  /// Which constant of the model something is.
  package enum Identity: Hashable, Sendable {
    /// One in memory, or in the model's mapped file.
    case storage(ObjectIdentifier)
    /// One of a plan file.
    case number(Int)
  }

  /// What packed weights are made of, and how.
  package struct Key: Hashable, Sendable {
    let weights: Identity
    let scale: Identity?
    let format: String
  }

  private let entries: Mutex<[Key: PackedWeights]>
  /// Copies of constants that lie at addresses where no kernel can read them.
  private let alignedCopies = Mutex<[Identity: TensorStorage]>([:])
  /// The model's own storages; it outlives the cache, so no other storage ever has one of these identities.
  private let identities: [ObjectIdentifier: Identity]

  /// Prepares the cache of a model whose weights are packed as they are asked for.
  ///
  /// - Parameter graphs: the graphs of the model.
  init(of graphs: [Graph]) {
    var storages: Set<ObjectIdentifier> = []
    for graph in graphs { graph.collectStorages(into: &storages) }
    identities = Dictionary(uniqueKeysWithValues: storages.map { ($0, .storage($0)) })
    entries = Mutex([:])
  }

  /// Prepares the cache of a model whose weights are packed already.
  ///
  /// - Parameters:
  ///   - packed: the weights of a plan file.
  ///   - numbers: the constants of the file that are in memory too, by their storages.
  init(packed: [Key: PackedWeights], numbers: [ObjectIdentifier: Int]) {
    entries = Mutex(packed)
    identities = numbers.mapValues(Identity.number)
  }

  /// Packed weights that are kept.
  package var count: Int { entries.withLock { $0.count } }

  /// All that are kept.
  var all: [Key: PackedWeights] { entries.withLock { $0 } }

  /// The weights of a tensor in a packed layout.
  ///
  /// - Parameters:
  ///   - scale: numbers that the packed weights depend on too.
  ///   - format: names the layout with everything that it depends on; equal names must mean equal bytes.
  ///   - byteCount: bytes of the packed weights.
  ///   - make: packs, if nobody has yet.
  /// - Returns: nil if they are not packed yet and the tensor's elements, or those of `scale`, are absent.
  package func packed(
    _ tensor: Tensor, scaledBy scale: Tensor? = nil, format: String, byteCount: Int, make: () -> PackedWeights
  ) -> PackedWeights? {
    let isPresent = tensor.isPresent && scale?.isPresent ?? true
    let factors = scale.flatMap(identity)
    guard let weights = identity(of: tensor), scale == nil || factors != nil else {
      return isPresent ? make() : nil
    }
    let key = Key(weights: weights, scale: factors, format: "\(format)/\(tensor.shape)")
    if let packed = entries.withLock({ $0[key] }), packed.bytes.count == byteCount { return packed }
    guard isPresent else { return nil }
    let packed = make()
    return entries.withLock { entries in
      if let other = entries[key], other.bytes.count == byteCount { return other }
      entries[key] = packed
      if case .bytes(let storage) = tensor.contents { storage.discardMappedPages() }
      return packed
    }
  }

  /// A constant at an address that its elements may be read from: as it is, or its copy.
  package func aligned(_ constant: Tensor) -> Tensor {
    guard !constant.isAligned, let identity = identity(of: constant) else { return constant.aligned() }
    return alignedCopies.withLock { copies in
      let copy = copies[identity].map { Tensor(dataType: constant.dataType, shape: constant.shape, storage: $0) }
      if let copy { return copy }
      let made = constant.aligned()
      if case .bytes(let storage) = made.contents { copies[identity] = storage }
      return made
    }
  }

  private func identity(of tensor: Tensor) -> Identity? {
    switch tensor.contents {
    case .bytes(let storage): identities[ObjectIdentifier(storage)]
    case .absent(let number): .number(number)
    case .strings: nil
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
