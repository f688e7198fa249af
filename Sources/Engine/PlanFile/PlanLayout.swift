import Foundation
import Graph
import Kernels

/// Where the parts of a plan file go, before it is written.
struct PlanLayout {
  private struct Place {
    var offset: Int
    var storage: TensorStorage
    /// Bytes to hand to the system at once.
    var writtenByteCount: Int
  }

  private var places: [Place] = []
  private var end = PlanPreamble.byteCount

  /// Adds parts, each from a multiple of `alignment` on.
  ///
  /// - Parameter isSparse: whether only a few of their bytes will be read. Linux keeps what one call writes in one piece of its
  ///   file cache, and maps all of it when a byte is touched: a row of an embedding would bring 2 MiB into memory.
  mutating func append(_ storages: [TensorStorage], alignment: Int, isSparse: Bool = false) {
    for storage in storages {
      let offset = (end + alignment - 1) / alignment * alignment
      places.append(Place(offset: offset, storage: storage, writtenByteCount: isSparse ? 1 << 16 : 1 << 30))
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
    for place in places {
      try file.append([UInt8](repeating: 0, count: place.offset - written))
      for start in stride(from: 0, to: place.storage.byteCount, by: place.writtenByteCount) {
        let bytes = place.storage.bytes[start...].prefix(place.writtenByteCount)
        try file.append(UnsafeRawBufferPointer(rebasing: bytes))
      }
      written = place.offset + place.storage.byteCount
    }
    try file.append(json)
    try file.commit()
  }
}

extension TensorStorage {
  /// All of its bytes.
  fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}
