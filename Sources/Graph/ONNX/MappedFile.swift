#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file in memory, read by the system page by page as its bytes are touched; unmapped when nothing refers to it.
///
/// Tensors of a model refer to the map of its file and keep it alive. Replacing the file (by rename, as our writer does)
/// leaves the map as it was; a file that is shortened in place while mapped ends the process, as with any memory map.
package final class MappedFile: PageDiscarding, @unchecked Sendable {
  /// The bytes of the file.
  package let bytes: UnsafeRawBufferPointer
  /// Which file it is, and its size and time when it was opened.
  package let status: FileStatus

  /// Maps a whole file.
  ///
  /// - Throws: `GraphError.unreadable` with the system's reason.
  package convenience init(path: String) throws(GraphError) {
    try self.init(descriptor: open(path, Self.flags), path: path)
  }

  /// Maps a file of a folder, or of folders in it, and never follows a link from that folder on: whatever becomes of these names
  /// meanwhile, the file lies in the folder.
  ///
  /// - Parameters:
  ///   - path: names from the folder to the file, none of them `..`.
  ///   - folder: the folder.
  /// - Throws: `GraphError.unreadable` with the system's reason.
  convenience init(path: [Substring], in folder: String) throws(GraphError) {
    var descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    for (index, name) in path.enumerated() where descriptor >= 0 {
      let isLast = index == path.count - 1
      let next = openat(descriptor, String(name), Self.flags | O_NOFOLLOW | (isLast ? 0 : O_DIRECTORY))
      let reason = errno
      close(descriptor)
      (descriptor, errno) = (next, reason)
    }
    try self.init(descriptor: descriptor, path: ([Substring(folder)] + path).joined(separator: "/"))
  }

  /// Without waiting: a named pipe that nobody writes to would keep the call forever.
  private static var flags: Int32 { O_RDONLY | O_CLOEXEC | O_NONBLOCK }

  /// Maps the file that was opened, and closes it; a negative descriptor is one that `errno` tells about.
  private init(descriptor: Int32, path: String) throws(GraphError) {
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: SystemError.last) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, reason: SystemError.last) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: path, reason: "not a regular file") }
    self.status = FileStatus(status)
    let count = self.status.byteCount
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let map = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED else {
      throw .unreadable(file: path, reason: SystemError.last)
    }
    bytes = UnsafeRawBufferPointer(start: map, count: count)
  }

  package func discardPages(of range: UnsafeRawBufferPointer) { advise(MADV_DONTNEED, of: range) }

  package func expectSparseReads(of range: UnsafeRawBufferPointer) {
    advise(MADV_RANDOM, of: range)
    #if os(Linux)
      // One row would bring 2 MiB into memory.
      advise(MADV_NOHUGEPAGE, of: range)
    #endif
  }

  /// Tells the system about whole pages within a range.
  private func advise(_ advice: some BinaryInteger, of range: UnsafeRawBufferPointer) {
    guard let first = range.baseAddress else { return }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = (UInt(bitPattern: first) + page - 1) / page * page
    let end = (UInt(bitPattern: first) + UInt(range.count)) / page * page
    guard start < end, let address = UnsafeMutableRawPointer(bitPattern: start) else { return }
    madvise(address, Int(end - start), Int32(advice))
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}

/// The system's word on the last call that failed.
enum SystemError {
  /// Such as `No such file or directory`.
  static var last: String { String(cString: strerror(errno)) }
}
