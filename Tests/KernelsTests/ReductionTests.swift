import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct ReductionTests {
  static let functions: [Reduction.Function] = [
    .sum, .mean, .maximum, .minimum, .product, .l1, .l2, .sumOfSquares, .logSum,
  ]
  static let cases: [([Int], [Int])] = [
    ([], []), ([1], [0]), ([37], [0]), ([5, 33], [1]), ([5, 33], [0]), ([3, 7, 70], [1]), ([2, 3, 5, 7], [0, 2]),
    ([2, 3, 5, 7], [1, 3]), ([2, 3, 5, 7], []), ([2, 1, 3], [1]), ([1, 16, 20, 21], [2, 3]),
    ([4, 2, 3, 2, 5], [0, 2, 4]),
    ([3000], [0]), ([1000, 3], [0]), ([0, 4], [0]),
  ]

  @Test(arguments: KernelTable.runnable, functions)
  func equalsReference(table: KernelTable, function: Reduction.Function) {
    var random = SplitMix64(seed: 5)
    for (shape, axes) in Self.cases {
      let context = KernelContext(table: table, pool: ThreadPool(threads: 2))
      let count = shape.reduce(1, *)
      let x = GuardedBuffer(count: count, in: 0.75...1.25, using: &random)
      let reduction = Reduction(function, shape: shape, axes: axes, context: context)
      let y = GuardedBuffer(count: reduction.outputCount)
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: max(1, reduction.scratchBytes), alignment: 64)
      defer { scratch.deallocate() }
      reduction.run(x.base, y.base, scratch: scratch)

      var groups = [[Double]](repeating: [], count: reduction.outputCount)
      let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
      let strides = StridedLoops.broadcast(kept, to: shape)
      for index in 0..<count {
        var (rest, to) = (index, 0)
        for axis in shape.indices.reversed() {
          to += rest % shape[axis] * strides[axis]
          rest /= shape[axis]
        }
        groups[to].append(Double(x.base[index]))
      }
      for (i, group) in groups.enumerated() {
        let expected = Self.reference(function, group)
        let found = Double(y.base[i])
        // Blocks of 64 additions and one more per block; the results are of the size of the sums of magnitudes.
        let steps = min(Double(group.count), 64 + Double(group.count) / 64 + 8)
        let size = function == .logSum ? 1 + abs(expected) : abs(expected)
        let bound = size * 0x1p-24 * (function == .product ? Double(group.count) + 2 : steps + 2)
        let equal = found == expected || abs(found - expected) <= bound || found.isNaN && expected.isNaN
        #expect(equal, "\(shape) \(axes) [\(i)]: \(found), expected \(expected)")
      }
      #expect(y.isIntact)
    }
  }

  static func reference(_ function: Reduction.Function, _ x: [Double]) -> Double {
    switch function {
    case .sum: x.reduce(0, +)
    case .mean: x.reduce(0, +) / Double(x.count)
    case .maximum: x.max() ?? -.infinity
    case .minimum: x.min() ?? .infinity
    case .product: x.reduce(1, *)
    case .l1: x.reduce(0) { $0 + abs($1) }
    case .l2: x.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .sumOfSquares: x.reduce(0) { $0 + $1 * $1 }
    case .logSum: log(x.reduce(0, +))
    }
  }

  @Test(arguments: KernelTable.runnable, [1, 5])
  func extremaOfNaNAreNaN(table: KernelTable, inner: Int) {
    for place in 0..<70 {
      let x = GuardedBuffer((0..<70 * inner).map { $0 / inner == place ? Float.nan : Float($0) })
      let y = GuardedBuffer(count: inner)
      for function: ReduceFunction in [.maximum, .minimum] {
        table.vector.reduce(function, x.base, y.base, 1, 70, inner)
        #expect(y.elements.filter { $0.isNaN }.count == inner)
      }
    }
  }

  /// A million equal numbers: adding them one by one would lose a third of the digits.
  @Test(arguments: KernelTable.runnable)
  func longSumsStayAccurate(table: KernelTable) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let count = 1 << 20
    let x = GuardedBuffer(count: count, repeating: 0.1)
    let y = GuardedBuffer(count: 4)
    let exact = Double(Float(0.1)) * Double(count)
    Reduction(.sum, shape: [count], axes: [0], context: context).run(x.base, y.base, scratch: nil)
    #expect(abs(Double(y.base[0]) - exact) < exact * 1e-6)
    Reduction(.sum, shape: [count / 4, 4], axes: [0], context: context).run(x.base, y.base, scratch: nil)
    #expect(abs(Double(y.base[3]) - exact / 4) < exact / 4 * 1e-4)
  }
}
