import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct StridedCopyTests {
  static let transposes: [([Int], [Int])] = [
    ([1], [0]), ([3, 5], [1, 0]), ([37, 50], [1, 0]), ([16, 16], [1, 0]), ([2, 7, 3, 16], [0, 2, 1, 3]),
    ([2, 3, 7, 16], [0, 2, 3, 1]), ([2, 5, 19, 33], [0, 3, 1, 2]), ([4, 3, 2, 5], [3, 2, 1, 0]),
    ([3, 1, 4], [2, 1, 0]),
    ([2, 3, 4, 5, 6], [4, 0, 2, 1, 3]), ([0, 3], [1, 0]), ([200, 300], [1, 0]),
  ]

  @Test(arguments: KernelTable.runnable, [1, 2, 4, 8, 12])
  func transposesEqualReference(table: KernelTable, elementSize: Int) {
    for threads in [1, 2] {
      let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
      for (shape, permutation) in Self.transposes {
        let count = shape.reduce(1, *)
        let from = (0..<count * elementSize).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var to = [UInt8](repeating: 0, count: count * elementSize)
        let copy = StridedCopy(
          transposing: shape, permutation: permutation, elementSize: elementSize, context: context)
        from.withUnsafeBytes { source in
          to.withUnsafeMutableBytes { target in
            if let a = source.baseAddress, let b = target.baseAddress { copy.run(from: a, to: b) }
          }
        }
        let result = permutation.map { shape[$0] }
        let strides = permutation.map { StridedLoops.contiguous(shape)[$0] }
        var expected: [UInt8] = []
        for index in 0..<count {
          var (rest, at) = (index, 0)
          for axis in result.indices.reversed() {
            at += rest % result[axis] * strides[axis]
            rest /= result[axis]
          }
          expected += from[at * elementSize..<(at + 1) * elementSize]
        }
        #expect(to == expected, "\(shape) \(permutation)")
      }
    }
  }

  @Test(arguments: KernelTable.runnable)
  func slicesReverseAndExpand(table: KernelTable) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let x = GuardedBuffer((0..<24).map(Float.init))
    let y = GuardedBuffer(count: 6, repeating: -1)
    // x [4, 6], rows 1 and 2, columns 5, 3, 1.
    StridedCopy(shape: [2, 3], from: [6, -2], to: [3, 1], elementSize: 4, context: context).run(
      from: x.base + 11, to: y.base)
    #expect(y.elements == [11, 9, 7, 17, 15, 13])
    // A scalar and a row, expanded.
    StridedCopy(shape: [6], from: [0], to: [1], elementSize: 4, context: context).run(from: x.base + 4, to: y.base)
    #expect(y.elements == [4, 4, 4, 4, 4, 4])
    StridedCopy(shape: [2, 3], from: [0, 1], to: [3, 1], elementSize: 4, context: context).run(from: x.base, to: y.base)
    #expect(y.elements == [0, 1, 2, 0, 1, 2])
    // Into the middle of something larger: concatenation, padding.
    let z = GuardedBuffer(count: 12, repeating: 0)
    StridedCopy(shape: [2, 3], from: [3, 1], to: [6, 1], elementSize: 4, context: context).run(
      from: y.base, to: z.base + 3)
    #expect(z.elements == [0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 2])
    #expect(y.isIntact && z.isIntact)
  }

  @Test func gathersRows() {
    let context = KernelContext(table: .portable, pool: ThreadPool(threads: 2))
    let data = GuardedBuffer((0..<24).map(Float.init))
    let y = GuardedBuffer(count: 12)
    let gather = Gather(outer: 2, axisSize: 4, rowBytes: 12, context: context)
    let indices: [Int64] = [3, -4]
    #expect(gather.run(data: data.base, indices: indices, count: 2, output: y.base) == nil)
    #expect(y.elements == [9, 10, 11, 0, 1, 2, 21, 22, 23, 12, 13, 14])
    let wrong: [Int32] = [0, 4]
    #expect(gather.run(data: data.base, indices: wrong, count: 2, output: y.base) == 4)
  }
}
