#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file that takes its name only when it is complete, on the disk too; removed if it never is.
///
/// On Linux it has no name at all until then, where the system can do that, so that nothing is left even of a process that is
/// interrupted. Where the name is a link's, the file that it leads to is replaced, not the link. A file that replaces another
/// gets its permissions.
package struct TemporaryFile: ~Copyable {
  /// The name it shall take.
  package let path: String
  /// The file to which `path` leads.
  private let target: String
  private let temporaryPath: String
  private let descriptor: Int32
  /// By which path the file can get a name; nil if it has one.
  private let handle: String?
  private var isOpen = true

  /// Makes an empty file beside the one that `path` leads to.
  ///
  /// - Parameter openFiles: where Linux shows a process the files that it has open; a file that has no name gets one from there.
  ///   Tests alone give another place, to see what happens where that is not mounted.
  /// - Throws: `GraphError.unwritable`, also if `path` is a device or the like, which no file should take the place of.
  package init(for path: String, openFiles: String = "/proc/self/fd") throws(GraphError) {
    self.path = path
    let target = FilePath.following(path)
    self.target = target ?? path
    temporaryPath = "\(self.target).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
    var status = stat()
    let isThere = stat(self.target, &status) == 0
    let isTaken = target == nil || isThere && status.st_mode & S_IFMT != S_IFREG
    let nameless = isTaken ? nil : Self.openNameless(beside: self.target, openFiles: openFiles)
    handle = nameless?.handle
    descriptor =
      isTaken ? -1 : nameless?.descriptor ?? open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      isOpen = false
      throw .unwritable(file: path, reason: isTaken ? "not a regular file" : SystemError.last)
    }
    // Before anything is in it that not everybody may read.
    if isThere { fchmod(descriptor, status.st_mode & 0o777) }
  }

  /// A file without a name in the folder of `path`, and by which path it can get one; nil where that cannot be.
  private static func openNameless(beside path: String, openFiles: String) -> (descriptor: Int32, handle: String)? {
    #if os(Linux)
      let temporary = 0o20_000_000 | O_DIRECTORY  // O_TMPFILE, which Swift does not import
      let descriptor = open(FilePath.folder(of: path), O_WRONLY | O_CLOEXEC | temporary, 0o644)
      guard descriptor >= 0 else { return nil }
      let handle = "\(openFiles)/\(descriptor)"
      if access(handle, F_OK) == 0 { return (descriptor, handle) }
      close(descriptor)
    #endif
    return nil
  }

  /// Writes all stretches of a message at the file's end.
  func write(_ pieces: [WireMessage.Piece]) throws(GraphError) {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes):
        guard bytes.withUnsafeBytes({ write($0) }) else { throw failure }
      case .storage(let storage, let count):
        guard write(UnsafeRawBufferPointer(start: storage.base, count: count)) else { throw failure }
      }
    }
  }

  /// Writes bytes at the file's end.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    guard write(bytes) else { throw failure }
  }

  /// Writes bytes at the file's end.
  package func append(_ bytes: [UInt8]) throws(GraphError) {
    guard bytes.withUnsafeBytes({ write($0) }) else { throw failure }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var done = 0
    while done < bytes.count {
      let part = UnsafeRawBufferPointer(rebasing: bytes[done..<min(bytes.count, done + 1 << 30)])
      let count = sysWrite(descriptor, part.baseAddress, part.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Gives the complete file its name, in place of one that has it.
  package consuming func commit() throws(GraphError) {
    isOpen = false
    let isNamed = fsync(descriptor) == 0 && name()
    let closed = close(descriptor) == 0
    guard isNamed, closed, rename(temporaryPath, target) == 0 else {
      let failure = failure
      unlink(temporaryPath)
      throw failure
    }
  }

  /// Gives a file that has none its temporary name: only `rename` can replace another file.
  private func name() -> Bool {
    guard let handle else { return true }
    return linkat(AT_FDCWD, handle, AT_FDCWD, temporaryPath, Int32(AT_SYMLINK_FOLLOW)) == 0
  }

  private var failure: GraphError { .unwritable(file: path, reason: SystemError.last) }

  deinit {
    guard isOpen else { return }
    close(descriptor)
    if handle == nil { unlink(temporaryPath) }
  }
}

/// The system's `write`, whose name the methods above take.
private func sysWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
