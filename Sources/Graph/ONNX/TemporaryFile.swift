#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file that takes its name only when it is complete; removed if it never is.
struct TemporaryFile: ~Copyable {
  /// The name it shall take.
  let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private var isOpen = true

  /// Makes an empty file beside `path`.
  ///
  /// - Throws: `GraphError.unwritable`.
  init(for path: String) throws(GraphError) {
    self.path = path
    temporaryPath = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      isOpen = false
      throw .unwritable(file: path, reason: SystemError.last)
    }
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
  consuming func commit() throws(GraphError) {
    isOpen = false
    let closed = close(descriptor) == 0
    guard closed, rename(temporaryPath, path) == 0 else {
      let failure = failure
      unlink(temporaryPath)
      throw failure
    }
  }

  private var failure: GraphError { .unwritable(file: path, reason: SystemError.last) }

  deinit {
    guard isOpen else { return }
    close(descriptor)
    unlink(temporaryPath)
  }
}

/// The system's `write`, whose name the methods above take.
private func sysWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
