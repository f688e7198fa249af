import Foundation
import Graph
import Kernels

/// Where the parts of a plan file go, before it is written.
struct PlanLayout {
  private var places: [(offset: Int, storage: TensorStorage)] = []
  private var end = PlanPreamble.byteCount

  /// Adds parts, each from a multiple of `alignment` on.
  mutating func append(_ storages: [TensorStorage], alignment: Int) {
    for storage in storages {
      let offset = (end + alignment - 1) / alignment * alignment
      places.append((offset, storage))
      end = offset + storage.byteCount
    }
  }

  /// The parts, in the order in which they were added.
  ///
  /// - Parameter pool: threads that compute their checksums.
  func parts(pool: ThreadPool) -> [PlanManifest.Part] {
    let checksums = Checksum.of(places.map { $0.storage.bytes }, pool: pool)
    return zip(places, checksums).map { place, checksum in
      PlanManifest.Part(offset: place.offset, byteCount: place.storage.byteCount, checksum: checksum)
    }
  }

  /// Writes the file, under its name when it is complete.
  ///
  /// - Throws: `GraphError.unwritable` with the system's reason.
  func write(_ manifest: PlanManifest, to path: String) throws(GraphError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json: [UInt8]
    do { json = [UInt8](try encoder.encode(manifest)) } catch {
      throw .unwritable(file: path, reason: error.localizedDescription)
    }
    let file = try TemporaryFile(for: path)
    try file.append(PlanPreamble(manifest: json, fileByteCount: end + json.count).bytes)
    var written = PlanPreamble.byteCount
    for (offset, storage) in places {
      try file.append([UInt8](repeating: 0, count: offset - written))
      try file.append(storage.bytes)
      written = offset + storage.byteCount
    }
    try file.append(json)
    try file.commit()
  }
}

extension TensorStorage {
  /// All of its bytes.
  fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}
