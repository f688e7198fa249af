/// The bytes of one or more tensors: memory of their own, or a part of a mapped file that the storage keeps alive.
///
/// Read-only once made, hence safe to share between threads.
public final class TensorStorage: @unchecked Sendable {
  /// The first byte; aligned to 64 bytes if the storage owns its memory, to nothing in particular in a mapped file.
  public let base: UnsafeRawPointer
  /// Bytes from `base`.
  public let byteCount: Int
  /// What keeps the memory valid: a mapped file, or nil if the storage frees it.
  private let owner: AnyObject?

  /// Whether the memory is the storage's own, rather than a part of a mapped file.
  public var ownsMemory: Bool { owner == nil }

  /// Bytes to which owned memory is aligned: a cache line, and the widest vector.
  public static let alignment = 64

  /// Takes fresh memory, filled by `initialize`, which must write all of it.
  public init(byteCount: Int, initialize: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let memory = LargeMemory.allocate(byteCount: byteCount)
    do {
      try initialize(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    } catch {
      memory.deallocate()
      throw error
    }
    self.base = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    self.owner = nil
  }

  /// Refers to memory that `owner` keeps valid and unchanged.
  public init(borrowing bytes: UnsafeRawBufferPointer, from owner: AnyObject) {
    self.base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: Self.alignment).unsafelyUnwrapped
    self.byteCount = bytes.count
    self.owner = owner
  }

  /// Whether the memory is that of another object, which may change it later.
  public func isBorrowed(from other: AnyObject) -> Bool { owner === other }

  /// Fills memory that is kept for long: see `LastingMemory`.
  ///
  /// - Parameter initialize: must write all of it.
  package convenience init(lasting byteCount: Int, initialize: (UnsafeMutableRawBufferPointer) -> Void) {
    let memory = LastingMemory(byteCount: byteCount)
    initialize(memory.bytes)
    self.init(borrowing: UnsafeRawBufferPointer(memory.bytes), from: memory)
  }

  /// Tells the system that a part of a mapped file is read here and there, as the rows of an embedding: what lies around need
  /// not be in memory then.
  ///
  /// Does nothing for other memory.
  package func expectSparseReads() {
    (owner as? PageDiscarding)?.expectSparseReads(of: UnsafeRawBufferPointer(start: base, count: byteCount))
  }

  /// Lets the system take back pages of a mapped file; they are read again when touched.
  ///
  /// Does nothing for owned memory.
  public func discardMappedPages() {
    (owner as? PageDiscarding)?.discardPages(of: UnsafeRawBufferPointer(start: base, count: byteCount))
  }

  deinit {
    if owner == nil { base.deallocate() }
  }
}

/// Memory whose pages the system can read again from where they came.
public protocol PageDiscarding: AnyObject {
  /// Drops whole pages within these bytes.
  func discardPages(of bytes: UnsafeRawBufferPointer)
  /// Reads no more than is touched of whole pages within these bytes.
  func expectSparseReads(of bytes: UnsafeRawBufferPointer)
}
