import Foundation
import Graph

/// Keeps sizes that lie from exhausting the machine: a result larger than its memory is an error before it is made.
enum MemoryBudget {
  /// Bytes that one result may take: the machine's memory.
  static let byteCount = Int(clamping: ProcessInfo.processInfo.physicalMemory)

  /// The number of elements of a shape, if a tensor of that shape and type fits.
  static func checkedCount(_ shape: [Int], of type: DataType, node: String) throws(GraphError) -> Int {
    var count = 1
    for size in shape {
      guard size >= 0 else {
        throw .invalidValue(node: node, input: "shape", expected: "sizes of 0 and more", found: "\(shape)")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw .tooLarge(node: node, byteCount: .max) }
      count = product
    }
    let bytes = type.byteCount(elements: count)
    guard bytes <= byteCount else { throw .tooLarge(node: node, byteCount: bytes) }
    return count
  }
}
