import Graph
import Kernels

/// A checksum of as many bytes as memory delivers in its time: Fletcher's, in eight lanes of 64 bits.
///
/// Each lane sums its words and the sums it had on the way, so that bytes that change, move or are missing change the result;
/// nobody who means harm is kept out. Pieces of 1 MiB are summed apart, on as many threads as there are, and their sums are
/// summed in turn. Fletcher, "An Arithmetic Checksum for Serial Transmissions" (1982).
package enum Checksum {
  /// Bytes of a piece.
  package static let pieceByteCount = 1 << 20

  /// The checksums of some parts of memory.
  ///
  /// - Parameters:
  ///   - pool: the threads.
  ///   - done: is told each piece that was read, with the index of its part, from any thread.
  package static func of(
    _ parts: [UnsafeRawBufferPointer], pool: ThreadPool, done: (Int, UnsafeRawBufferPointer) -> Void = { _, _ in }
  ) -> [UInt64] {
    var pieces: [(part: Int, bytes: UnsafeRawBufferPointer)] = []
    for (index, part) in parts.enumerated() {
      for start in stride(from: 0, to: part.count, by: pieceByteCount) {
        let end = min(part.count, start + pieceByteCount)
        pieces.append((index, UnsafeRawBufferPointer(rebasing: part[start..<end])))
      }
    }
    let sums = [UInt64](unsafeUninitializedCapacity: pieces.count) { sums, count in
      let base = sums.baseAddress
      pool.parallel(pieces.count) { index in
        let (part, bytes) = pieces[index]
        base.map { $0 + index }?.initialize(to: sum(of: bytes))
        done(part, bytes)
      }
      count = pieces.count
    }
    var first = 0
    return parts.map { part in
      let count = (part.count + pieceByteCount - 1) / pieceByteCount
      defer { first += count }
      return sums[first..<first + count].withUnsafeBytes { sum(of: $0) }
    }
  }

  /// The checksum of some bytes, on this thread.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let sums = stride(from: 0, to: bytes.count, by: pieceByteCount).map { start in
      sum(of: UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + pieceByteCount)]))
    }
    return sums.withUnsafeBytes { sum(of: $0) }
  }

  /// The sum of a piece, which zeros fill up to a multiple of 64 bytes.
  private static func sum(of bytes: UnsafeRawBufferPointer) -> UInt64 {
    var sum = SIMD8<UInt64>(repeating: 0)
    var sumOfSums = SIMD8<UInt64>(repeating: 0)
    let whole = bytes.count / 64 * 64
    if let base = bytes.baseAddress {
      for offset in stride(from: 0, to: whole, by: 64) {
        sum &+= base.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
        sumOfSums &+= sum
      }
    }
    if whole < bytes.count {
      var rest = SIMD8<UInt64>(repeating: 0)
      withUnsafeMutableBytes(of: &rest) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[whole...])) }
      sum &+= rest
      sumOfSums &+= sum
    }
    var result = UInt64(truncatingIfNeeded: bytes.count)
    for lane in 0..<8 { result = mixed(mixed(result ^ sum[lane]) ^ sumOfSums[lane]) }
    return result
  }

  /// Spreads each bit over all: the finalizer of SplitMix64.
  ///
  /// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
