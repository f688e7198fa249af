#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A planned gather along one axis: output[o, i, :] = data[o, indices[i], :], for elements of any type.
///
/// Embedding lookup is the case of one outer item.
public struct Gather: Sendable {
  /// Items before the axis.
  public let outer: Int
  /// Size of the axis.
  public let axisSize: Int
  /// Bytes after the axis.
  public let rowBytes: Int
  let context: KernelContext

  /// Plans a gather.
  ///
  /// - Parameters:
  ///   - outer: product of the sizes before the axis.
  ///   - axisSize: size of the axis.
  ///   - rowBytes: bytes of what follows the axis.
  ///   - context: threads.
  public init(outer: Int, axisSize: Int, rowBytes: Int, context: KernelContext) {
    self.outer = outer
    self.axisSize = axisSize
    self.rowBytes = rowBytes
    self.context = context
  }

  /// Copies the rows; negative indices count from the end.
  ///
  /// - Returns: the first index that is out of range, in which case nothing is written; `nil` if all are in it.
  public func run<Index: FixedWidthInteger & BitwiseCopyable>(
    data: UnsafeRawPointer, indices: UnsafePointer<Index>, count: Int, output: UnsafeMutableRawPointer
  ) -> Index? {
    for i in 0..<count {
      let index = Int(truncatingIfNeeded: indices[i])
      if index < -axisSize || index >= axisSize { return indices[i] }
    }
    context.parallelRanges(outer * count, cost: max(4, rowBytes / 4)) { range in
      for item in range {
        let (o, i) = (item / count, item % count)
        let index = Int(truncatingIfNeeded: indices[i])
        let row = o * axisSize + (index < 0 ? index + axisSize : index)
        memcpy(output + item * rowBytes, data + row * rowBytes, rowBytes)
      }
    }
    return nil
  }
}
