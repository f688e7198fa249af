import Foundation
import Graph

/// Keeps sizes that lie from exhausting the machine: a result that its memory cannot hold is an error before it is made.
enum MemoryBudget {
  /// Results from this size on are tried before they are made: memory that is refused ends the process in Swift.
  private static let triedFrom = 1 << 26
  /// A reference holds its result in a type of up to twice the width beside it.
  private static let copies = 3

  /// The number of elements of a shape, if a tensor of that shape and type fits.
  static func checkedCount(_ shape: [Int], of type: DataType, node: String) throws(GraphError) -> Int {
    guard let count = Shape.count(shape) else {
      throw .invalidValue(node: node, input: "shape", expected: "sizes that a tensor can have", found: "\(shape)")
    }
    try check(byteCount: type.byteCount(elements: count), copies: copies, node: node)
    return count
  }

  /// Checks that memory for something of this size can be had.
  static func check(byteCount: Int, copies: Int = 1, node: String) throws(GraphError) {
    guard byteCount >= triedFrom else { return }
    // Mapped and never touched, it is nothing but addresses.
    guard byteCount <= ProcessInfo.processInfo.physicalMemory,
      let memory = mmap(nil, byteCount * copies, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
      memory != MAP_FAILED
    else { throw .tooLarge(node: node, byteCount: byteCount) }
    munmap(memory, byteCount * copies)
  }
}
