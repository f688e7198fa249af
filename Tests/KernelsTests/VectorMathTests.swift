import Foundation
import Kernels
import TestSupport
import Testing

/// Sweeps single-precision arguments of every magnitude and holds each function to the bound that `VectorMath` states.
@Suite struct VectorMathTests {
  /// A function, its exact value in double precision and the bounds of its error in units in the last place.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let function: UnaryFunction
    /// Bound with fused multiply-adds, and without; of the argument.
    let bound: @Sendable (Double) -> Double
    let boundWithoutFMA: @Sendable (Double) -> Double
    let exact: @Sendable (Double) -> Double

    init(
      _ name: String, _ function: UnaryFunction, within bound: @autoclosure @escaping @Sendable () -> Double,
      withoutFMA: @autoclosure @escaping @Sendable () -> Double, exact: @escaping @Sendable (Double) -> Double
    ) {
      self.init(name, function, within: { _ in bound() }, withoutFMA: { _ in withoutFMA() }, exact: exact)
    }

    init(
      _ name: String, _ function: UnaryFunction, within bound: @escaping @Sendable (Double) -> Double,
      withoutFMA: @escaping @Sendable (Double) -> Double, exact: @escaping @Sendable (Double) -> Double
    ) {
      self.name = name
      self.function = function
      self.bound = bound
      self.boundWithoutFMA = withoutFMA
      self.exact = exact
    }

    var testDescription: String { name }
  }

  static let slope = 2 * (2 / Double.pi).squareRoot()

  static let cases: [Case] = [
    Case("exp", .exp, within: 1, withoutFMA: 1.5) { exp($0) },
    Case("log", .log, within: 1, withoutFMA: 1) { log($0) },
    Case("erf", .erf, within: 1.5, withoutFMA: 1.5) { erf($0) },
    Case("tanh", .activation(.tanh), within: 2.5, withoutFMA: 3) { tanh($0) },
    Case("sigmoid", .activation(.sigmoid), within: 2.5, withoutFMA: 3) { 1 / (1 + exp(-$0)) },
    Case("silu", .activation(.silu), within: 3.5, withoutFMA: 4) { $0 == -.infinity ? 0 : $0 / (1 + exp(-$0)) },
    Case("elu", .elu(alpha: 1), within: 1.5, withoutFMA: 2) { $0 < 0 ? expm1($0) : $0 },
    Case("softplus", .softplus, within: 3, withoutFMA: 3.5) { max($0, 0) + log1p(exp(-abs($0))) },
    Case("mish", .mish, within: 4, withoutFMA: 5) {
      $0 == -.infinity ? 0 : $0 * tanh(max($0, 0) + log1p(exp(-abs($0))))
    },
    Case(
      "gelu", .activation(.gelu), within: { _ in 7 }, withoutFMA: { $0 < 0 ? 7 + $0 * $0 : 7 },
      exact: { $0 == -.infinity ? 0 : $0 * erfc(-$0 / 2.0.squareRoot()) / 2 }),
    Case(
      "geluTanh", .activation(.geluTanh),
      within: { $0 < 0 ? 4 + 3 * abs(slope * ($0 + 0.044715 * $0 * $0 * $0)) : 4 },
      withoutFMA: { $0 < 0 ? 4 + 3 * abs(slope * ($0 + 0.044715 * $0 * $0 * $0)) : 4 },
      exact: { $0 == -.infinity ? 0 : $0 / (1 + exp(-slope * ($0 + 0.044715 * $0 * $0 * $0))) }),
    Case("sqrt", .sqrt, within: 0.5, withoutFMA: 0.5) { $0.squareRoot() },
    Case("reciprocal", .reciprocal, within: 0.5, withoutFMA: 0.5) { 1 / $0 },
    Case("reciprocalSqrt", .reciprocalSqrt, within: 1.5, withoutFMA: 1.5) { 1 / $0.squareRoot() },
    Case("softsign", .softsign, within: 1.5, withoutFMA: 1.5) { $0.isInfinite ? .nan : $0 / (1 + abs($0)) },
    Case("ceil", .ceil, within: 0, withoutFMA: 0) { $0.rounded(.up) },
    Case("floor", .floor, within: 0, withoutFMA: 0) { $0.rounded(.down) },
    Case("round", .round, within: 0, withoutFMA: 0) { $0.rounded(.toNearestOrEven) },
  ]

  /// Every 251st bit pattern: 17 million arguments, with NaNs, infinities, zeros and denormals among them.
  @Test(arguments: cases)
  func errorIsWithinTheStatedBound(of testCase: Case) {
    let step: UInt32 = 251
    let chunk = 1 << 14
    let special: [Float] = [0, -0.0, .infinity, -.infinity, .nan, -.nan, 0x1p-149, -0x1p-149, 0x1p-126, 1, -1]
    let tables = KernelTable.runnable
    var worst = [(excess: Double, argument: Float, error: Double)](
      repeating: (-.infinity, 0, 0), count: tables.count)
    let arguments = UnsafeMutableBufferPointer<Float>.allocate(capacity: chunk)
    let results = UnsafeMutableBufferPointer<Float>.allocate(capacity: chunk)
    let exact = UnsafeMutableBufferPointer<Double>.allocate(capacity: chunk)
    defer {
      arguments.deallocate()
      results.deallocate()
      exact.deallocate()
    }
    guard let x = arguments.baseAddress, let y = results.baseAddress else { return }
    var bits: UInt32 = 0
    var isLast = false
    while !isLast {
      for i in 0..<chunk {
        x[i] = i < special.count ? special[i] : Float(bitPattern: bits)
        let (next, wrapped) = bits.addingReportingOverflow(i < special.count ? 0 : step)
        isLast = isLast || wrapped
        bits = next
        exact[i] = testCase.exact(Double(x[i]))
      }
      for (t, table) in tables.enumerated() {
        table.vector.unary(testCase.function, x, y, chunk)
        let bound = table.hasFMA ? testCase.bound : testCase.boundWithoutFMA
        for i in 0..<chunk {
          let error = Self.error(of: y[i], exact: exact[i])
          let excess = error - bound(Double(x[i]))
          if excess > worst[t].excess || error.isNaN { worst[t] = (excess, x[i], error) }
        }
      }
    }
    for (table, found) in zip(tables, worst) {
      #expect(found.excess <= 0, "\(table.name): error of \(found.error) ulp at \(found.argument)")
    }
  }

  /// The error in units in the last place of the exact value, which is rounded to zero, denormals and infinity as floats are.
  static func error(of y: Float, exact: Double) -> Double {
    if exact.isNaN { return y.isNaN ? 0 : .infinity }
    let rounded = Float(exact)
    if rounded == y { return 0 }
    if y.isNaN || rounded.isInfinite && abs(y) < .greatestFiniteMagnitude { return .infinity }
    let limit = Double(Float.greatestFiniteMagnitude)
    return abs(Double(y).clamped(to: limit) - exact.clamped(to: limit)) / Double(Float(exact.clamped(to: limit)).ulp)
  }

  @Test(arguments: KernelTable.runnable)
  func signsOfZeroAndInfinityAreKept(table: KernelTable) {
    func value(_ function: UnaryFunction, _ x: Float) -> Float {
      let buffer = GuardedBuffer([x])
      table.vector.unary(function, buffer.base, buffer.base, 1)
      return buffer.base[0]
    }
    for function: UnaryFunction in [.erf, .activation(.tanh), .activation(.silu), .sign, .mish, .elu(alpha: 2)] {
      #expect(value(function, -0.0).sign == .minus && value(function, 0).sign == .plus)
      #expect(value(function, -0.0) == 0 && value(function, 0) == 0)
      #expect(value(function, .nan).isNaN)
    }
    #expect(value(.exp, -.infinity) == 0)
    #expect(value(.exp, .infinity) == .infinity)
    #expect(value(.exp, 88.8) == .infinity)
    #expect(value(.log, 0) == -.infinity)
    #expect(value(.log, -0.0) == -.infinity)
    #expect(value(.log, -1).isNaN)
    #expect(value(.log, .infinity) == .infinity)
    #expect(value(.activation(.gelu), .infinity) == .infinity)
    #expect(value(.activation(.gelu), -.infinity) == 0)
    #expect(value(.activation(.relu), .nan).isNaN)
    #expect(value(.activation(.clip(min: -1, max: 1)), .nan).isNaN)
    #expect(value(.activation(.hardSwish), 3) == 3)
    #expect(value(.activation(.hardSwish), -3) == 0)
    #expect(value(.activation(.leakyRelu(alpha: 0.25)), -2) == -0.5)
    #expect(value(.thresholdedRelu(alpha: 1), 1) == 0)
    #expect(value(.thresholdedRelu(alpha: 1), 1.5) == 1.5)
    #expect(value(.affine(scale: 3, shift: -1), 2) == 5)
    #expect(value(.selu(alpha: 2, gamma: 3), 1) == 3)
    #expect(value(.sign, -3) == -1)
    #expect(value(.cube, -3) == -27)
    #expect(value(.square, -3) == 9)
    #expect(abs(value(.celu(alpha: 2), -1) - 2 * (exp(-0.5) - 1)) < 1e-6)
  }

  /// Counts around the vector length, results in place, a page that ends behind the last element.
  @Test(arguments: KernelTable.runnable, [0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 100])
  func touchesNoOtherElement(table: KernelTable, count: Int) {
    var random = SplitMix64(seed: 7)
    let x = GuardedBuffer(count: count, in: -3...3, using: &random)
    let y = GuardedBuffer(count: count)
    table.vector.unary(.activation(.gelu), x.base, y.base, count)
    for i in 0..<count {
      #expect(Self.error(of: y.base[i], exact: Self.cases[9].exact(Double(x.base[i]))) <= 16)
    }
    table.vector.unary(.activation(.gelu), x.base, x.base, count)
    #expect(x.elements == y.elements)
    #expect(x.isIntact && y.isIntact)
  }
}

extension Double {
  fileprivate func clamped(to limit: Double) -> Double { Swift.min(limit, Swift.max(-limit, self)) }
}

extension KernelTable {
  /// Fused multiply-adds round once.
  var hasFMA: Bool {
    #if arch(arm64)
      true
    #else
      name != "portable"
    #endif
  }
}
