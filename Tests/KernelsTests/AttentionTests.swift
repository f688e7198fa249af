import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct AttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var shape: AttentionShape
    var tokensFirst = false
    var mask: Mask = .none
    var causalOffset: Int?
    enum Mask { case none, keys, full, constantAlongKeys }

    var testDescription: String {
      "\(shape.batch)x\(shape.heads)/\(shape.keyValueHeads) \(shape.queries)x\(shape.keys)x\(shape.depth)"
        + ",\(shape.valueDepth) \(mask) \(tokensFirst) \(causalOffset.map(String.init) ?? "-")"
    }
  }

  static let cases: [Case] = [
    Case(shape: AttentionShape(batch: 1, heads: 2, queries: 128, keys: 128, depth: 64), tokensFirst: true, mask: .keys),
    Case(shape: AttentionShape(batch: 2, heads: 3, queries: 17, keys: 31, depth: 13), mask: .full),
    Case(shape: AttentionShape(batch: 1, heads: 1, queries: 1, keys: 1, depth: 1)),
    Case(
      shape: AttentionShape(batch: 1, heads: 4, keyValueHeads: 2, queries: 7, keys: 300, depth: 32), tokensFirst: true),
    Case(
      shape: AttentionShape(batch: 1, heads: 2, queries: 33, keys: 600, depth: 48, valueDepth: 37), mask: .full),
    Case(shape: AttentionShape(batch: 1, heads: 1, queries: 70, keys: 70, depth: 64), causalOffset: 0),
    Case(
      shape: AttentionShape(batch: 1, heads: 1, queries: 300, keys: 300, depth: 16), tokensFirst: true, causalOffset: 0),
    Case(shape: AttentionShape(batch: 1, heads: 1, queries: 5, keys: 270, depth: 20), mask: .keys, causalOffset: 265),
    Case(shape: AttentionShape(batch: 1, heads: 1, queries: 14, keys: 40, depth: 300, valueDepth: 8)),
    Case(shape: AttentionShape(batch: 2, heads: 1, queries: 3, keys: 5, depth: 7), mask: .constantAlongKeys),
  ]

  @Test(arguments: KernelTable.runnable, cases)
  func equalsReference(table: KernelTable, testCase: Case) {
    for threads in [1, 3] { check(testCase, KernelContext(table: table, pool: ThreadPool(threads: threads))) }
  }

  private func check(_ testCase: Case, _ context: KernelContext) {
    let shape = testCase.shape
    var random = SplitMix64(seed: 11)
    func strides(_ heads: Int, _ tokens: Int, _ depth: Int) -> HeadStrides {
      testCase.tokensFirst
        ? .tokensFirst(heads: heads, tokens: tokens, depth: depth)
        : .headsFirst(heads: heads, tokens: tokens, depth: depth)
    }
    let (q, k) = (shape.queries, shape.keys)
    let query = GuardedBuffer(count: shape.batch * shape.heads * q * shape.depth, in: -2...2, using: &random)
    let key = GuardedBuffer(count: shape.batch * shape.keyValueHeads * k * shape.depth, in: -2...2, using: &random)
    let value = GuardedBuffer(
      count: shape.batch * shape.keyValueHeads * k * shape.valueDepth, in: -2...2, using: &random)
    let output = GuardedBuffer(count: shape.batch * shape.heads * q * shape.valueDepth)
    let maskStrides: MaskStrides? =
      switch testCase.mask {
      case .none: nil
      case .keys: .keys(k)
      case .full: MaskStrides(batch: shape.heads * q * k, head: q * k, query: k, key: 1)
      case .constantAlongKeys: MaskStrides(batch: q, head: 0, query: 1, key: 0)
      }
    let maskCount =
      switch testCase.mask {
      case .none: 0
      case .keys: shape.batch * k
      case .full: shape.batch * shape.heads * q * k
      case .constantAlongKeys: shape.batch * q
      }
    let mask = GuardedBuffer(
      (0..<maskCount).map { i in testCase.mask != .constantAlongKeys && i % 3 == 1 ? -.infinity : Float(i % 5) / 4 })
    let queryStrides = strides(shape.heads, q, shape.depth)
    let keyStrides = strides(shape.keyValueHeads, k, shape.depth)
    let valueStrides = strides(shape.keyValueHeads, k, shape.valueDepth)
    let outputStrides = strides(shape.heads, q, shape.valueDepth)
    let scale = 1 / Float(shape.depth).squareRoot()
    let attention = Attention(
      shape, query: queryStrides, key: keyStrides, value: valueStrides, output: outputStrides, mask: maskStrides,
      scale: scale, causalOffset: testCase.causalOffset, context: context)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: attention.scratchBytes, alignment: 64)
    defer { scratch.deallocate() }
    memset(scratch, 0xFF, attention.scratchBytes)  // NaN: whatever is read has been written
    attention.run(
      query: query.base, key: key.base, value: value.base, mask: maskStrides == nil ? nil : mask.base,
      output: output.base, scratch: scratch)
    #expect(output.isIntact)

    var worst = 0.0
    for b in 0..<shape.batch {
      for h in 0..<shape.heads {
        let g = h / (shape.heads / shape.keyValueHeads)
        for i in 0..<q {
          var scores = (0..<k).map { j in
            var sum = 0.0
            for d in 0..<shape.depth {
              sum +=
                Double(query.base[b * queryStrides.batch + h * queryStrides.head + i * queryStrides.row + d])
                * Double(key.base[b * keyStrides.batch + g * keyStrides.head + j * keyStrides.row + d])
            }
            sum *= Double(scale)
            if let m = maskStrides { sum += Double(mask.base[b * m.batch + h * m.head + i * m.query + j * m.key]) }
            if let offset = testCase.causalOffset, j > i + offset { sum = -.infinity }
            return sum
          }
          let largest = scores.max() ?? 0
          scores = scores.map { exp($0 - largest) }
          let total = scores.reduce(0, +)
          for d in 0..<shape.valueDepth {
            var expected = 0.0
            for j in 0..<k {
              expected +=
                scores[j] / total
                * Double(value.base[b * valueStrides.batch + g * valueStrides.head + j * valueStrides.row + d])
            }
            let found = output.base[b * outputStrides.batch + h * outputStrides.head + i * outputStrides.row + d]
            let error = abs(Double(found) - expected)
            worst = error.isNaN ? .infinity : max(worst, error)
          }
        }
      }
    }
    // Values are at most 2. A score's error is at most (depth + 2) rounding steps of abs(q)·abs(k)·scale ≤ 4·√depth, which
    // exp turns into a relative error; the sums over keys add theirs.
    let epsilon = 0x1p-24
    let depth = Double(shape.depth)
    let bound = 2 * epsilon * (2 * (depth.squareRoot() + 2) * 4 * depth.squareRoot() + Double(k).squareRoot() + 8)
    #expect(worst <= bound, "\(worst) > \(bound)")
  }

  /// The first row sees no key, the third has a score that is NaN.
  @Test(arguments: KernelTable.runnable, [false, true])
  func anUndefinedRowIsNaNOrZero(table: KernelTable, isZero: Bool) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    let strides = HeadStrides.headsFirst(heads: 1, tokens: 3, depth: 4)
    let attention = Attention(
      AttentionShape(batch: 1, heads: 1, queries: 3, keys: 3, depth: 4), query: strides, key: strides, value: strides,
      output: strides, mask: MaskStrides(batch: 0, head: 0, query: 3, key: 1), scale: 1, undefinedRowsAreZero: isZero,
      context: context)
    let ones = GuardedBuffer(count: 12, repeating: 1)
    let hidden = -Float.infinity
    let mask = GuardedBuffer([hidden, hidden, hidden, hidden, 0, 0, 0, .nan, 0])
    let output = GuardedBuffer(count: 12)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: attention.scratchBytes, alignment: 64)
    defer { scratch.deallocate() }
    attention.run(
      query: ones.base, key: ones.base, value: ones.base, mask: mask.base, output: output.base, scratch: scratch)
    let undefined = output.elements.prefix(4) + output.elements.suffix(4)
    #expect(undefined.filter { isZero ? $0 == 0 : $0.isNaN }.count == 8)
    #expect(Array(output.elements[4..<8]) == [1, 1, 1, 1])
  }
}
