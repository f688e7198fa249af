import Foundation
import Graph
import Kernels

/// The model that a plan was made of, so that a plan can tell whether the model has changed.
///
/// A file that has the size and the time it had has not changed; one that has not is read.
public struct PlanSource: Codable, Sendable, Equatable {
  /// How the model was called.
  public let name: String
  /// Where its file was; nil for a model that was none.
  public let path: String?
  /// Bytes of the file.
  public let byteCount: Int
  /// When the file was changed last, in nanoseconds since 1970.
  let modified: Int
  /// The checksum of the file's bytes.
  public let checksum: UInt64

  /// The source of a model.
  ///
  /// - Parameter pool: threads that read the file.
  init(of model: Model, pool: ThreadPool) throws(GraphError) {
    name = model.source
    guard let path = realPath(model.source), let status = FileStatus(path) else {
      (self.path, byteCount, modified, checksum) = (nil, 0, 0, 0)
      return
    }
    self.path = path
    (byteCount, modified) = (status.byteCount, status.modified)
    checksum = try Self.checksum(of: path, pool: pool)
  }

  private static func checksum(of path: String, pool: ThreadPool) throws(GraphError) -> UInt64 {
    let file = try MappedFile(path: path)
    return Checksum.of([file.bytes], pool: pool) { file.discardPages(of: $1) }[0]
  }

  /// Checks that the model is as it was, if it is still where it was.
  ///
  /// - Parameter pool: threads that read the file, if need be.
  /// - Throws: `PlanFault.stale`.
  func check(pool: ThreadPool) throws(PlanFault) {
    guard let path, let status = FileStatus(path) else { return }
    guard status.byteCount == byteCount else {
      throw .stale(model: path, what: "changed its size from \(byteCount) to \(status.byteCount) bytes")
    }
    guard status.modified != modified else { return }
    let found: UInt64
    do throws(GraphError) { found = try Self.checksum(of: path, pool: pool) } catch { return }
    guard found == checksum else { throw .stale(model: path, what: "changed its contents") }
  }
}

/// Size and time of a file.
struct FileStatus: Equatable {
  let byteCount: Int
  /// Nanoseconds since 1970.
  let modified: Int

  /// The status of a regular file; nil if there is none.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    byteCount = Int(status.st_size)
    modified = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }
}

/// The path without links and detours; nil if there is no such file.
func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
