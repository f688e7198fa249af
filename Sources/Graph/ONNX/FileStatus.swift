#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Which file something is, and what tells whether it has changed since.
package struct FileStatus: Sendable {
  /// Bytes of the file.
  package let byteCount: Int
  /// When its contents were changed last, in nanoseconds since 1970; anyone may set this time.
  package let modified: Int
  /// When the file was changed last in any way, in nanoseconds since 1970; the system alone sets this time.
  package let changed: Int
  /// The number by which the file system knows the file.
  package let number: UInt64
  private let device: UInt64

  /// The status of a regular file, links followed; nil if there is none.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(status)
  }

  /// What the system says of a file.
  init(_ status: stat) {
    #if canImport(Darwin)
      let (modification, change) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modification, change) = (status.st_mtim, status.st_ctim)
    #endif
    func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec) }
    byteCount = Int(status.st_size)
    modified = nanoseconds(modification)
    changed = nanoseconds(change)
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// Whether both are one file, by whatever names, changed or not.
  package func isSameFile(as other: FileStatus) -> Bool { device == other.device && number == other.number }

  /// Whether both have one size and their contents one time.
  package func isUnchanged(since other: FileStatus) -> Bool {
    byteCount == other.byteCount && modified == other.modified
  }
}

/// Ways to a file.
package enum FilePath {
  /// The way without links and detours; nil if nothing is there.
  static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The way from the root, links kept as they are.
  package static func absolute(_ path: String) -> String {
    var names = path.split(separator: "/")
    if !path.hasPrefix("/"), let folder = getcwd(nil, 0) {
      defer { free(folder) }
      names = String(cString: folder).split(separator: "/") + names
    }
    return "/" + names.filter { $0 != "." }.joined(separator: "/")
  }

  /// Where a path leads if its last name is that of a link, to a file that may be missing; nil if the links go in a circle.
  static func following(_ path: String) -> String? {
    var path = path
    for _ in 0..<40 {
      guard let target = target(ofLink: path) else { return path }
      path = target.hasPrefix("/") ? target : folder(of: path) + "/" + target
    }
    return nil
  }

  /// The folder in which a path's last name is.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// What a link says; nil if there is no link.
  private static func target(ofLink path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { bytes -> String? in
      guard let base = bytes.baseAddress else { return nil }
      let count = readlink(path, base, bytes.count)
      guard count > 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
    }
  }
}
