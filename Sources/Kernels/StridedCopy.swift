import KernelTemplates

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A planned copy of elements of any size between two strided layouts of one shape.
///
/// Transpose, Concat, Split, Slice (negative steps too), Pad's inner part, Expand (strides of 0) and Flip are all such copies:
///
///     let transpose = StridedCopy(transposing: [1, 128, 12, 64], permutation: [0, 2, 1, 3], elementSize: 4, context: context)
///     transpose.run(from: x, to: y)
///
/// Axes are merged where both sides allow; what is contiguous on both sides is copied in blocks, a transpose of the two
/// fastest axes goes by squares in registers.
public struct StridedCopy: Sendable {
  let loops: StridedLoops
  let elementSize: Int
  let context: KernelContext
  let form: Form

  /// How the innermost loops run.
  enum Form: Hashable, Sendable {
    /// The innermost axis is contiguous on both sides.
    case blocks
    /// The last axis is contiguous in the target, the one before it in the source.
    case transpose
    /// Anything else, element by element.
    case elements
  }

  /// Plans a copy.
  ///
  /// - Parameters:
  ///   - shape: sizes of the axes.
  ///   - from: strides of the source, in elements.
  ///   - to: strides of the target, in elements; no two elements of the target are one.
  ///   - elementSize: bytes of an element.
  ///   - context: table and threads.
  public init(shape: [Int], from: [Int], to: [Int], elementSize: Int, context: KernelContext) {
    self.elementSize = elementSize
    self.context = context
    // In the target's order, so that it is written front to back.
    let order = shape.indices.sorted { (abs(to[$0]), $1) > (abs(to[$1]), $0) }
    let collapsed = StridedLoops(
      sizes: order.map { shape[$0] }, strides: [order.map { from[$0] }, order.map { to[$0] }])
    let axes = collapsed.sizes.count
    if axes == 0 || collapsed.strides[0][axes - 1] == 1 && collapsed.strides[1][axes - 1] == 1 {
      loops = collapsed
      form = .blocks
    } else if collapsed.strides[1][axes - 1] == 1,
      let source = collapsed.sizes.indices.dropLast().first(where: { collapsed.strides[0][$0] == 1 })
    {
      let others = collapsed.sizes.indices.filter { $0 != source && $0 != axes - 1 } + [source, axes - 1]
      loops = StridedLoops(
        reordering: others.map { collapsed.sizes[$0] },
        strides: collapsed.strides.map { list in others.map { list[$0] } })
      form = .transpose
    } else {
      loops = collapsed
      form = .elements
    }
  }

  /// Plans the transpose of a contiguous tensor: axis i of the result is axis permutation[i] of `shape`.
  public init(transposing shape: [Int], permutation: [Int], elementSize: Int, context: KernelContext) {
    let from = StridedLoops.contiguous(shape)
    let result = permutation.map { shape[$0] }
    self.init(
      shape: result, from: permutation.map { from[$0] }, to: StridedLoops.contiguous(result), elementSize: elementSize,
      context: context)
  }

  /// Copies; the two sides do not overlap.
  ///
  /// Each pointer is at the element of index 0 on all axes.
  public func run(from: UnsafeRawPointer, to: UnsafeMutableRawPointer) {
    let axes = loops.sizes.count
    guard loops.count > 0 else { return }
    let inner = form == .transpose ? 2 : min(1, axes)
    let size = loops.sizes.suffix(inner).reduce(1, *)
    let outer = loops.count / size
    if form == .blocks, outer == 1 {
      context.parallelRanges(size * elementSize, cost: 1, unit: 4096) { range in
        memcpy(to + range.lowerBound, from + range.lowerBound, range.count)
      }
      return
    }
    if form == .transpose, outer == 1 {
      // Strips of the target's rows.
      let (rows, columns) = (loops.sizes[axes - 2], loops.sizes[axes - 1])
      context.parallelRanges(rows, cost: 2 * columns, unit: 16) { range in
        transpose(
          from + range.lowerBound * elementSize, to + range.lowerBound * loops.strides[1][axes - 2] * elementSize,
          targetRows: range.count)
      }
      return
    }
    context.parallelRanges(outer, cost: 2 * size) { range in
      for index in range {
        let source = from + loops.offset(0, outerIndex: index, inner: inner) * elementSize
        let target = to + loops.offset(1, outerIndex: index, inner: inner) * elementSize
        switch form {
        case .blocks: memcpy(target, source, size * elementSize)
        case .transpose: transpose(source, target, targetRows: loops.sizes[axes - 2])
        case .elements:
          copy(source, loops.strides[0][axes - 1], target, loops.strides[1][axes - 1], count: loops.sizes[axes - 1])
        }
      }
    }
  }

  /// The two innermost loops: rows of the target are columns of the source.
  private func transpose(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, targetRows: Int) {
    let axes = loops.sizes.count
    let columns = loops.sizes[axes - 1]
    let (fromStride, toStride) = (loops.strides[0][axes - 1], loops.strides[1][axes - 2])
    if elementSize == 4 {
      context.table.vector.transpose(
        from.assumingMemoryBound(to: Float.self), fromStride, to.assumingMemoryBound(to: Float.self), toStride, columns,
        targetRows)
    } else {
      // Strips of sixteen rows: their cache lines of the source are used whole before they leave the cache.
      var row = 0
      while row < targetRows {
        let end = min(targetRows, row + 16)
        for column in 0..<columns {
          copy(
            from + (column * fromStride + row) * elementSize, 1, to + (row * toStride + column) * elementSize, toStride,
            count: end - row)
        }
        row = end
      }
    }
  }

  /// One strided run of elements.
  private func copy(
    _ from: UnsafeRawPointer, _ fromStride: Int, _ to: UnsafeMutableRawPointer, _ toStride: Int, count: Int
  ) {
    switch elementSize {
    case 1: copy(UInt8.self, from, fromStride, to, toStride, count)
    case 2: copy(UInt16.self, from, fromStride, to, toStride, count)
    case 4: copy(UInt32.self, from, fromStride, to, toStride, count)
    case 8: copy(UInt64.self, from, fromStride, to, toStride, count)
    default:
      for i in 0..<count {
        memcpy(to + i * toStride * elementSize, from + i * fromStride * elementSize, elementSize)
      }
    }
  }

  @inline(__always)
  private func copy<Element: BitwiseCopyable>(
    _: Element.Type, _ from: UnsafeRawPointer, _ fromStride: Int, _ to: UnsafeMutableRawPointer, _ toStride: Int,
    _ count: Int
  ) {
    let source = from.assumingMemoryBound(to: Element.self)
    let target = to.assumingMemoryBound(to: Element.self)
    for i in 0..<count { target[i * toStride] = source[i * fromStride] }
  }
}
