import Foundation
import Graph

// Activation functions, each generic over `Float` and `Double`; formulas as in ONNX, docs/Operators.md.

struct Ramp: NumericFunction {
  // A NaN stays one.
  func callAsFunction<E: NumericElement>(_ x: E) -> E { x < .zero ? .zero : x }
}

struct LeakyRelu: RealFunction {
  let alpha: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R { x < 0 ? R(alpha) * x : x }
}

struct Elu: RealFunction {
  let alpha: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R { x < 0 ? R(alpha) * x.exponentialMinusOne : x }
}

struct Selu: RealFunction {
  let alpha: Float
  let gamma: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    R(gamma) * (x > 0 ? x : R(alpha) * x.exponentialMinusOne)
  }
}

struct Celu: RealFunction {
  let alpha: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R { x > 0 ? x : R(alpha) * (x / R(alpha)).exponentialMinusOne }
}

struct Sigmoid: RealFunction {
  // The argument of exp is never positive, so nothing overflows.
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    let e = (-x.magnitude).exponential
    return x < 0 ? e / (1 + e) : 1 / (1 + e)
  }
}

struct HardSigmoid: RealFunction {
  let alpha: Float
  let beta: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R { x.isNaN ? x : max(0, min(1, R(alpha) * x + R(beta))) }
}

struct HardSwish: RealFunction {
  func callAsFunction<R: RealElement>(_ x: R) -> R { x * max(0, min(1, x / 6 + R(0.5))) }
}

struct Mish: RealFunction {
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    x * R.apply(Softplus()(x), float: Foundation.tanh, double: Foundation.tanh)
  }
}

struct Gelu: RealFunction {
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    x / 2 * (1 + R.apply(x * R(0.5).squareRoot(), float: Foundation.erf, double: Foundation.erf))
  }
}

/// Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016), section 2.
struct GeluByTanh: RealFunction {
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    let argument = (2 / R.pi).squareRoot() * (x + R(0.044715) * x * x * x)
    return x / 2 * (1 + R.apply(argument, float: Foundation.tanh, double: Foundation.tanh))
  }
}

struct Swish: RealFunction {
  let alpha: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R { x * Sigmoid()(R(alpha) * x) }
}

struct Softplus: RealFunction {
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    max(x, 0) + R.apply((-x.magnitude).exponential, float: Foundation.log1p, double: Foundation.log1p)
  }
}

struct Softsign: RealFunction {
  func callAsFunction<R: RealElement>(_ x: R) -> R { x / (1 + x.magnitude) }
}

struct ThresholdedRelu: RealFunction {
  let alpha: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R { x > R(alpha) ? x : 0 }
}

struct Shrink: RealFunction {
  let lambda: Float
  let bias: Float
  func callAsFunction<R: RealElement>(_ x: R) -> R {
    x < -R(lambda) ? x + R(bias) : x > R(lambda) ? x - R(bias) : 0
  }
}

extension RealElement {
  /// e to the power of `self`, minus 1, exact near 0.
  var exponentialMinusOne: Self { Self.apply(self, float: Foundation.expm1, double: Foundation.expm1) }
}
