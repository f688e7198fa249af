import Foundation
import Graph

// The functions that elementwise references apply, each generic over the types of numbers.

struct MathFunction: RealFunction {
  let float: @Sendable (Float) -> Float
  let double: @Sendable (Double) -> Double
  func callAsFunction<Real: RealElement>(_ x: Real) -> Real { Real.apply(x, float: float, double: double) }
}

struct Magnitude: NumericFunction {
  func callAsFunction<E: NumericElement>(_ x: E) -> E {
    // A floating-point 0 loses its sign; the lowest whole number stays as it is, as numpy's does.
    x < .zero ? E.zero.minus(x) : x.plus(.zero)
  }
}

struct Negation: NumericFunction {
  func callAsFunction<E: NumericElement>(_ x: E) -> E { x.times(E.zero.minus(.one)) }
}

struct Signum: NumericFunction {
  func callAsFunction<E: NumericElement>(_ x: E) -> E {
    if x.isNotANumber { return x }
    return x > .zero ? .one : x < .zero ? E.zero.minus(.one) : .zero
  }
}

struct Inverse: RealFunction {
  func callAsFunction<Real: RealElement>(_ x: Real) -> Real { 1 / x }
}

struct SquareRoot: RealFunction {
  func callAsFunction<Real: RealElement>(_ x: Real) -> Real { x.squareRoot() }
}

struct Rounding: RealFunction {
  let rule: FloatingPointRoundingRule
  func callAsFunction<Real: RealElement>(_ x: Real) -> Real { x.rounded(rule) }
}

struct Sum: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a.plus(b) }
}

struct Difference: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a.minus(b) }
}

struct Product: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a.times(b) }
}

struct Quotient: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a.over(b) }
}

struct TruncatedRemainder: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a.remainder(towardZero: b) }
}

struct FlooredRemainder: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a.remainder(floored: b) }
}

/// The greater number; a NaN wins, as in numpy.
struct Maximum: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a >= b || a.isNotANumber ? a : b }
}

/// The lesser number; a NaN wins, as in numpy.
struct Minimum: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E { a <= b || a.isNotANumber ? a : b }
}

struct SlopedRelu: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ x: E, _ slope: E) -> E { x < .zero ? x.times(slope) : x }
}

/// A power of floating-point numbers; of whole ones see `IntegerPower`.
struct Power: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E {
    if let x = a as? Float, let y = b as? Float { return Foundation.pow(x, y) as? E ?? a }
    return E(numeric: Foundation.pow(a.double, b.double))
  }
}

/// A power of whole numbers by repeated squaring, wrapping around; of a negative exponent, rounded towards zero.
struct IntegerPower: BinaryFunction {
  func callAsFunction<E: NumericElement>(_ a: E, _ b: E) -> E {
    var exponent = b.int64
    if exponent < 0 {
      let minusOne = E.zero.minus(.one)
      return a == .one ? .one : a == minusOne ? (exponent & 1 == 0 ? .one : minusOne) : .zero
    }
    var (result, base) = (E.one, a)
    while exponent > 0 {
      if exponent & 1 == 1 { result = result.times(base) }
      base = base.times(base)
      exponent >>= 1
    }
    return result
  }
}

struct IsEqual: ElementRelation {
  func callAsFunction<E: Comparable>(_ a: E, _ b: E) -> Bool { a == b }
}

struct IsGreater: ElementRelation {
  func callAsFunction<E: Comparable>(_ a: E, _ b: E) -> Bool { a > b }
}

struct IsGreaterOrEqual: ElementRelation {
  func callAsFunction<E: Comparable>(_ a: E, _ b: E) -> Bool { a >= b }
}

struct IsLess: ElementRelation {
  func callAsFunction<E: Comparable>(_ a: E, _ b: E) -> Bool { a < b }
}

struct IsLessOrEqual: ElementRelation {
  func callAsFunction<E: Comparable>(_ a: E, _ b: E) -> Bool { a <= b }
}
