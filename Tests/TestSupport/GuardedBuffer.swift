#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Floats that end where an unmapped page begins: a kernel that reads or writes one element too far crashes the test.
///
/// Another unmapped page lies before the first page. A kernel that writes before the first element, in the slack of that page,
/// is found by `isIntact`.
public final class GuardedBuffer {
  /// First element; aligned to 4 bytes only, as a kernel's argument may be.
  public let base: UnsafeMutablePointer<Float>
  /// Number of elements.
  public let count: Int

  private let map: UnsafeMutableRawPointer
  private let mapBytes: Int
  private let slack: UnsafeMutableRawBufferPointer

  /// Makes a buffer with these elements.
  public init(_ elements: [Float]) {
    count = elements.count
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = count * MemoryLayout<Float>.stride
    let body = max(1, (bytes + page - 1) / page) * page
    mapBytes = body + 2 * page
    guard let memory = mmap(nil, mapBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED,
      mprotect(memory + page, body, PROT_READ | PROT_WRITE) == 0
    else { fatalError("no memory for a test buffer of \(bytes) bytes") }
    map = memory
    let start = memory + page
    slack = UnsafeMutableRawBufferPointer(start: start, count: body - bytes)
    for i in slack.indices { slack[i] = 0xA5 }
    base = (start + slack.count).bindMemory(to: Float.self, capacity: max(1, count))
    base.initialize(from: elements, count: count)
  }

  /// Makes a buffer of one number repeated; by default one that no kernel computes.
  public convenience init(count: Int, repeating value: Float = -12345.5) {
    self.init([Float](repeating: value, count: count))
  }

  /// Makes a buffer of random whole numbers: sums of their products are exact.
  public convenience init(count: Int, whole range: ClosedRange<Int>, using random: inout some RandomNumberGenerator) {
    self.init((0..<count).map { _ in Float(Int.random(in: range, using: &random)) })
  }

  /// Makes a buffer of random numbers.
  public convenience init(count: Int, in range: ClosedRange<Float>, using random: inout some RandomNumberGenerator) {
    self.init((0..<count).map { _ in Float.random(in: range, using: &random) })
  }

  deinit { munmap(map, mapBytes) }

  /// The elements.
  public var elements: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Nothing was written before the first element.
  public var isIntact: Bool { slack.allSatisfy { $0 == 0xA5 } }
}
