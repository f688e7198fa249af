#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Memory that is kept for long, such as packed weights and arenas: pages of its own, which go back to the system at its end.
///
/// What comes from the heap stays with the heap: the holes between packed weights took 80 MB beside the 340 of BERT-base. Large
/// memory lies on huge pages, see `LargeMemory`; of the addresses before them none is touched.
package final class LastingMemory: @unchecked Sendable {
  /// Smaller memory comes from the heap.
  private static let mappedFrom = 1 << 17

  /// The first byte, aligned to 64 bytes at least.
  package let base: UnsafeMutableRawPointer
  /// Bytes from `base`.
  package let byteCount: Int
  private let isMapped: Bool

  /// Takes memory of undefined contents.
  package init(byteCount: Int) {
    self.byteCount = byteCount
    let mapped = byteCount >= Self.mappedFrom ? Self.map(byteCount) : nil
    isMapped = mapped != nil
    base = mapped ?? LargeMemory.allocate(byteCount: byteCount)
  }

  /// All bytes.
  package var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: base, count: byteCount) }

  /// Maps pages, from the beginning of a huge page if it fills one; nil if the system has none to give.
  private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let huge = LargeMemory.hugePage
    let slack = byteCount >= huge ? huge : 0
    guard byteCount <= Int.max - slack,
      let start = mmap(nil, byteCount + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
      start != MAP_FAILED
    else { return nil }
    guard slack > 0 else { return start }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let before = (huge - Int(bitPattern: start) % huge) % huge
    let base = start + before
    let used = (byteCount + page - 1) / page * page
    if before > 0 { munmap(start, before) }
    if slack > before { munmap(base + used, byteCount + slack - before - used) }
    LargeMemory.useHugePages(base, byteCount: byteCount)
    return base
  }

  deinit {
    if isMapped { munmap(base, byteCount) } else { base.deallocate() }
  }
}
