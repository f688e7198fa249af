import Graph
import Kernels

/// The model that a plan was made of, so that a plan can tell whether the model has changed.
///
/// A file that the file system knows by the number it had, with the size and the times it had, has not changed; another is read,
/// since files that take the place of others may have been given their times.
public struct PlanSource: Codable, Sendable, Equatable {
  /// A file that the model was read from.
  public struct File: Codable, Sendable, Equatable {
    /// Where it was, from the root; links may be on the way.
    public let path: String
    /// Bytes of the file.
    public let byteCount: Int
    /// When the file's contents were changed last, in nanoseconds since 1970.
    let modified: Int
    /// When the file was changed last in any way, in nanoseconds since 1970.
    let changed: Int
    /// The number by which the file system knew the file.
    let number: UInt64
    /// The checksum of the file's bytes.
    public let checksum: UInt64
  }

  /// How the model was called.
  public let name: String
  /// The model's file, then those of its external data; none for a model that was built.
  public let files: [File]

  /// The source of a model, whose files are read where they were mapped.
  ///
  /// - Parameter pool: threads that read the files.
  init(of model: Model, pool: ThreadPool) {
    name = model.source
    let maps = model.files.map(\.map)
    let checksums = Checksum.of(maps.map(\.bytes), pool: pool) { maps[$0].discardPages(of: $1) }
    files = zip(model.files, checksums).map { file, checksum in
      let status = file.map.status
      return File(
        path: FilePath.absolute(file.path), byteCount: status.byteCount, modified: status.modified,
        changed: status.changed, number: status.number, checksum: checksum)
    }
  }

  /// Checks that the model is as it was.
  ///
  /// - Parameters:
  ///   - pool: threads that read files, if need be.
  ///   - isNeeded: whether a file that is no longer where it was, or cannot be read, is a fault too.
  /// - Throws: `PlanFault.stale`.
  func check(pool: ThreadPool, isNeeded: Bool = false) throws(PlanFault) {
    for file in files {
      guard let status = FileStatus(path: file.path) else {
        if isNeeded { throw .stale(model: file.path, what: "was removed") }
        continue
      }
      guard status.byteCount == file.byteCount else {
        throw .stale(
          model: file.path, what: "changed its size from \(file.byteCount) to \(status.byteCount) bytes")
      }
      if status.number == file.number, status.modified == file.modified, status.changed == file.changed { continue }
      let map: MappedFile
      do throws(GraphError) { map = try MappedFile(path: file.path) } catch {
        if isNeeded { throw .stale(model: file.path, what: "became unreadable") }
        continue
      }
      guard Checksum.of([map.bytes], pool: pool, done: { map.discardPages(of: $1) }) == [file.checksum] else {
        throw .stale(model: file.path, what: "changed its contents")
      }
    }
  }
}

extension Model {
  /// Checks that nobody wrote to a file of the model since it was mapped: the map would have changed too.
  ///
  /// One that another file took the place of does no harm.
  ///
  /// - Throws: `GraphError.unreadable` naming the file.
  func checkFilesUnchanged() throws(GraphError) {
    for file in files {
      guard let status = FileStatus(path: file.path), status.isSameFile(as: file.map.status),
        !status.isUnchanged(since: file.map.status)
      else { continue }
      throw .unreadable(file: file.path, reason: "it was changed while it was read")
    }
  }
}
