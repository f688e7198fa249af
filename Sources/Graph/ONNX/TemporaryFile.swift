#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file that takes its name only when it is complete, on the disk too; removed if it never is.
///
/// On Linux it has no name at all until then, where the file system can do that, so that nothing is left even of a
/// process that is interrupted.
package struct TemporaryFile: ~Copyable {
  /// The name it shall take.
  package let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private let isNameless: Bool
  private var isOpen = true

  /// Makes an empty file beside `path`.
  ///
  /// - Throws: `GraphError.unwritable`, also if `path` is a device or the like, which no file should take the place of.
  package init(for path: String) throws(GraphError) {
    self.path = path
    temporaryPath = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
    var status = stat()
    let isTaken = stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    let nameless = isTaken ? nil : Self.openNameless(beside: path)
    isNameless = nameless != nil
    descriptor = isTaken ? -1 : nameless ?? open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      isOpen = false
      throw .unwritable(file: path, reason: isTaken ? "not a regular file" : SystemError.last)
    }
  }

  /// A file without a name in the folder of `path`; nil where there are none.
  private static func openNameless(beside path: String) -> Int32? {
    #if os(Linux)
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
      let temporary = 0o20_000_000 | O_DIRECTORY  // O_TMPFILE, which Swift does not import
      let descriptor = open(folder, O_WRONLY | O_CLOEXEC | temporary, 0o644)
      return descriptor >= 0 ? descriptor : nil
    #else
      return nil
    #endif
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
    let isNamed = fsync(descriptor) == 0 && (!isNameless || name())
    let closed = close(descriptor) == 0
    guard isNamed, closed, rename(temporaryPath, path) == 0 else {
      let failure = failure
      unlink(temporaryPath)
      throw failure
    }
  }

  /// Gives a file that has none its temporary name: only `rename` can replace another file.
  private func name() -> Bool {
    linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporaryPath, Int32(AT_SYMLINK_FOLLOW)) == 0
  }

  private var failure: GraphError { .unwritable(file: path, reason: SystemError.last) }

  deinit {
    guard isOpen else { return }
    close(descriptor)
    if !isNameless { unlink(temporaryPath) }
  }
}

/// The system's `write`, whose name the methods above take.
private func sysWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
