import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct NormalizationTests {
  @Test(arguments: KernelTable.runnable, [(1, 1, 1), (3, 5, 1), (2, 64, 1), (4, 131, 1), (2, 7, 5), (3, 33, 40)])
  func softmaxEqualsReference(table: KernelTable, shape: (outer: Int, count: Int, inner: Int)) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 2))
    var random = SplitMix64(seed: 9)
    let total = shape.outer * shape.count * shape.inner
    let x = GuardedBuffer(count: total, in: -20...20, using: &random)
    for logarithm in [false, true] {
      let y = GuardedBuffer(count: total)
      context.softmax(
        x.base, y.base, outer: shape.outer, count: shape.count, inner: shape.inner, logarithm: logarithm)
      #expect(y.isIntact)
      var worst = 0.0
      for o in 0..<shape.outer {
        for i in 0..<shape.inner {
          let place = { (k: Int) in (o * shape.count + k) * shape.inner + i }
          let values = (0..<shape.count).map { Double(x.base[place($0)]) }
          let largest = values.max() ?? 0
          let sum = values.reduce(0) { $0 + exp($1 - largest) }
          for k in 0..<shape.count {
            let expected = logarithm ? values[k] - largest - log(sum) : exp(values[k] - largest) / sum
            // A difference of up to 40 is rounded once (half an ulp, 2^-24 of it), which exp turns into a relative error.
            let bound =
              logarithm ? 0x1p-24 * (4 * abs(expected) + 8) : expected * 0x1p-24 * (48 + Double(shape.count) / 4)
            worst = max(worst, abs(Double(y.base[place(k)]) - expected) / bound)
          }
        }
      }
      #expect(worst <= 1)
      // In place.
      let z = GuardedBuffer(x.elements)
      context.softmax(
        z.base, z.base, outer: shape.outer, count: shape.count, inner: shape.inner, logarithm: logarithm)
      #expect(z.elements == y.elements)
    }
  }

  @Test(arguments: KernelTable.runnable)
  func softmaxOfExtremes(table: KernelTable) {
    func softmax(_ x: [Float]) -> [Float] {
      let buffer = GuardedBuffer(x)
      table.vector.softmax(buffer.base, buffer.base, 1, x.count, 1, false)
      return buffer.elements
    }
    #expect(softmax([1000, 1000]) == [0.5, 0.5])
    #expect(softmax([-.infinity, 3, -.infinity]) == [0, 1, 0])
    #expect(softmax([-.infinity, -.infinity])[1].isNaN)
    #expect(softmax([1, .nan, 2])[0].isNaN)
  }

  struct LayerNormCase: Sendable {
    var rows: Int
    var columns: Int
    var residual = false
    var bias = false
    var affine = true
    var rootMeanSquare = false
    var keepsSum = false
  }

  @Test(
    arguments: KernelTable.runnable,
    [
      LayerNormCase(rows: 3, columns: 768), LayerNormCase(rows: 5, columns: 13, residual: true, keepsSum: true),
      LayerNormCase(rows: 2, columns: 1), LayerNormCase(rows: 7, columns: 100, residual: true, bias: true),
      LayerNormCase(rows: 40, columns: 512, affine: false, rootMeanSquare: true),
      LayerNormCase(rows: 1, columns: 4099, bias: true, keepsSum: true),
      LayerNormCase(rows: 2, columns: 31, affine: false, keepsSum: true),
    ])
  func layerNormEqualsReference(table: KernelTable, testCase: LayerNormCase) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 2))
    let (rows, columns) = (testCase.rows, testCase.columns)
    var random = SplitMix64(seed: 21)
    // A mean far larger than the deviation: what one-pass variances lose.
    let x = GuardedBuffer(count: rows * columns, in: 99...101, using: &random)
    let residual = GuardedBuffer(count: rows * columns, in: -1...1, using: &random)
    let bias = GuardedBuffer(count: columns, in: -1...1, using: &random)
    let scale = GuardedBuffer(count: columns, in: 0.5...1.5, using: &random)
    let shift = GuardedBuffer(count: columns, in: -1...1, using: &random)
    let y = GuardedBuffer(count: rows * columns)
    let sum = GuardedBuffer(count: rows * columns)
    var block = LayerNormBlock(x: x.base, output: y.base)
    (block.rows, block.columns, block.isRootMeanSquare) = (rows, columns, testCase.rootMeanSquare)
    if testCase.residual { block.residual = UnsafePointer(residual.base) }
    if testCase.bias { block.bias = UnsafePointer(bias.base) }
    if testCase.affine { (block.scale, block.shift) = (UnsafePointer(scale.base), UnsafePointer(shift.base)) }
    if testCase.keepsSum { block.sum = sum.base }
    context.layerNorm(block)
    #expect(y.isIntact && sum.isIntact)
    var worst = 0.0
    for r in 0..<rows {
      // The sums in single precision: their rounding is the operands', not the normalization's.
      let values = (0..<columns).map { c in
        let s = x.base[r * columns + c] + (testCase.residual ? residual.base[r * columns + c] : 0)
        return s + (testCase.bias ? bias.base[c] : 0)
      }
      if testCase.keepsSum { #expect(Array(sum.elements[r * columns..<(r + 1) * columns]) == values) }
      let mean = testCase.rootMeanSquare ? 0 : values.reduce(0) { $0 + Double($1) } / Double(columns)
      let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(columns)
      for c in 0..<columns {
        var expected = (Double(values[c]) - mean) / (variance + Double(block.epsilon)).squareRoot()
        if testCase.affine { expected = expected * Double(scale.base[c]) + Double(shift.base[c]) }
        worst = max(worst, abs(Double(y.base[r * columns + c]) - expected))
      }
    }
    // The mean is known to an ulp of 100 (2^-17); deviations are about 0.6 and more.
    let bound = columns == 1 ? 0x1p-17 * 320 : 0x1p-17 * 4
    #expect(worst <= bound)
  }

  @Test(arguments: KernelTable.runnable, [(2, 6, 35, 3), (1, 4, 49, 4), (3, 5, 7, 1)])
  func groupNormEqualsReference(table: KernelTable, shape: (batch: Int, channels: Int, count: Int, groups: Int)) {
    let context = KernelContext(table: table, pool: ThreadPool(threads: 2))
    var random = SplitMix64(seed: 23)
    let total = shape.batch * shape.channels * shape.count
    let x = GuardedBuffer(count: total, in: -2...4, using: &random)
    let scale = GuardedBuffer(count: shape.channels, in: 0.5...1.5, using: &random)
    let shift = GuardedBuffer(count: shape.channels, in: -1...1, using: &random)
    let y = GuardedBuffer(count: total)
    context.groupNorm(
      x.base, y.base, batch: shape.batch, channels: shape.channels, count: shape.count, groups: shape.groups,
      scale: scale.base, shift: shift.base, epsilon: 1e-5)
    #expect(y.isIntact)
    let members = shape.channels / shape.groups
    let length = members * shape.count
    var worst = 0.0
    for g in 0..<shape.batch * shape.groups {
      let values = (0..<length).map { Double(x.base[g * length + $0]) }
      let mean = values.reduce(0, +) / Double(length)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      for i in 0..<length {
        let c = g % shape.groups * members + i / shape.count
        let expected =
          (values[i] - mean) / (variance + 1e-5).squareRoot() * Double(scale.base[c]) + Double(shift.base[c])
        worst = max(worst, abs(Double(y.base[g * length + i]) - expected))
      }
    }
    #expect(worst <= 0x1p-20)

    context.channelAffine(
      x.base, y.base, batch: shape.batch, channels: shape.channels, count: shape.count, scale: scale.base,
      shift: shift.base)
    var difference: Float = 0
    for i in 0..<total {
      let c = i / shape.count % shape.channels
      difference = max(difference, abs(y.base[i] - (x.base[i] * scale.base[c] + shift.base[c])))
    }
    #expect(difference <= 0x1p-20 && y.isIntact)
  }
}
