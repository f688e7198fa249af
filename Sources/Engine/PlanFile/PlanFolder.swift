import Foundation
import Graph

/// The folder in which a store keeps plan files: their names, and which of them go when they take too much of it.
struct PlanFolder: Sendable {
  private static let prefix = "plan-"
  private static let suffix = ".plan"

  /// Where the files are.
  let url: URL
  /// Bytes that they may take together.
  let byteLimit: Int

  /// The path of a file.
  ///
  /// - Parameters:
  ///   - name: what people shall know it by.
  ///   - key: all that tells it from others.
  func file(called name: String, key: [String]) -> String {
    let digits = String(Array(key.joined(separator: "\n").utf8).withUnsafeBytes { Checksum.of($0) }, radix: 16)
    return url.appending(path: "\(Self.prefix)\(name)-\(digits)\(Self.suffix)").path
  }

  /// Makes the folder, with those around it, unless it exists.
  func make() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  /// Notes that a file is used now: its time says so, since file systems do not keep that of the last reading.
  func noteUse(of file: String) { utimensat(AT_FDCWD, file, nil, 0) }

  /// Removes plan files, those that were not used for longest first, until the rest is within the limit.
  ///
  /// - Parameter kept: a file that stays, whatever its size.
  func makeRoom(besides kept: String) {
    var files = plans()
    var byteCount = files.reduce(0) { $0 + $1.status.byteCount }
    files.sort { ($0.status.modified, $0.path) < ($1.status.modified, $1.path) }
    for file in files where byteCount > byteLimit && file.path != kept {
      guard unlink(file.path) == 0 else { continue }
      byteCount -= file.status.byteCount
    }
  }

  /// The files that a store made: by their names, and by how they begin.
  private func plans() -> [(path: String, status: FileStatus)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
      let path = url.appending(path: name).path
      let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      guard type == .typeRegular, PlanFile.isPlan(path), let status = FileStatus(path: path) else { return nil }
      return (path, status)
    }
  }
}
