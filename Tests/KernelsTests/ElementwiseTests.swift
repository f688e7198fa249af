import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  static let shapes: [([Int], [Int])] = [
    ([], []), ([5], []), ([], [7]), ([33], [33]), ([3, 17], [17]), ([3, 17], [3, 1]), ([17], [3, 17]),
    ([2, 5, 3, 7], [5, 1, 1]), ([5, 1, 1], [2, 5, 3, 7]), ([4, 1, 6], [1, 5, 1]), ([2, 1, 3, 1], [4, 1, 5]),
    ([1, 1], [1]), ([0, 3], [3]), ([64, 700], [64, 700]), ([64, 700], [700]), ([50_000], [1]),
  ]

  static func reference(_ function: BinaryFunction, _ a: Float, _ b: Float) -> Float {
    switch function {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
    case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
    case .prelu: a < 0 ? a * b : a
    }
  }

  @Test(arguments: KernelTable.runnable, BinaryFunction.allCases)
  func equalsReference(table: KernelTable, function: BinaryFunction) {
    var random = SplitMix64(seed: 3)
    for threads in [1, 2] {
      let context = KernelContext(table: table, pool: ThreadPool(threads: threads))
      for (left, right) in Self.shapes {
        let a = GuardedBuffer(count: left.reduce(1, *), in: -3...3, using: &random)
        let b = GuardedBuffer(count: right.reduce(1, *), in: -3...3, using: &random)
        if a.count > 2 { a.base[1] = .nan }
        if b.count > 2 { b.base[2] = .nan }
        let shape = Elementwise.outputShape(left, right)
        let y = GuardedBuffer(count: shape.reduce(1, *))
        Elementwise(function, left: left, right: right, context: context).run(
          left: a.base, right: b.base, output: y.base)
        let (aStrides, bStrides) = (StridedLoops.broadcast(left, to: shape), StridedLoops.broadcast(right, to: shape))
        var wrong = 0
        for index in 0..<y.count {
          var (rest, i, j) = (index, 0, 0)
          for axis in shape.indices.reversed() {
            i += rest % shape[axis] * aStrides[axis]
            j += rest % shape[axis] * bStrides[axis]
            rest /= shape[axis]
          }
          let expected = Self.reference(function, a.base[i], b.base[j])
          if !(expected == y.base[index] || expected.isNaN && y.base[index].isNaN) { wrong += 1 }
        }
        #expect(wrong == 0 && y.isIntact, "\(left) \(right)")
      }
    }
  }

  @Test(arguments: KernelTable.runnable)
  func stridedOperandsAndPowers(table: KernelTable) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let a = GuardedBuffer((0..<12).map(Float.init))
    let y = GuardedBuffer(count: 12)
    // a is read transposed: [4, 3] of a [3, 4].
    Elementwise(.vector(.subtract), shape: [4, 3], leftStrides: [1, 4], rightStrides: [0, 0], context: context).run(
      left: a.base, right: a.base + 1, output: y.base)
    #expect(y.elements == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map { Float($0) - 1 })
    let exponents = GuardedBuffer([2, 0.5, -1])
    Elementwise(.power, left: [4, 3], right: [3], context: context).run(
      left: a.base, right: exponents.base, output: y.base)
    #expect(y.base[3] == 9 && y.base[4] == 2 && y.base[5] == 0.2)
  }

  @Test func equalShapesTakeOneLoop() {
    #expect(StridedLoops(sizes: [2, 1, 3, 4], strides: [[12, 12, 4, 1], [12, 7, 4, 1]]).sizes == [24])
    #expect(StridedLoops(sizes: [2, 64, 7, 7], strides: [[3136, 49, 7, 1], [0, 1, 0, 0]]).sizes == [2, 64, 49])
  }
}
