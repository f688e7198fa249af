/// A row-major block of numbers and the activation to apply to it.
public struct ActivationBlock {
  /// First argument.
  public var input: UnsafePointer<Float>
  /// First result; may be the first argument, and overlaps the arguments in no other way.
  public var output: UnsafeMutablePointer<Float>
  /// Size of the block.
  public var rows: Int, columns: Int
  /// Elements from one row to the next, in both.
  public var rowStride: Int
  /// What to apply.
  public var activation: Activation

  /// A block.
  @inlinable
  public init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int,
    activation: Activation
  ) {
    self.input = input
    self.output = output
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.activation = activation
  }

  /// A block whose results take the arguments' place.
  @inlinable
  public init(
    elements: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int, activation: Activation
  ) {
    self.init(
      input: elements, output: elements, rows: rows, columns: columns, rowStride: rowStride, activation: activation)
  }
}

/// Applies an activation to a block; the choice is made once per block.
public enum ActivationKernel<I: ISA> {
  /// Runs the block.
  @inlinable @inline(__always)
  public static func run(_ block: borrowing ActivationBlock) {
    switch block.activation {
    case .none: if block.input != UnsafePointer(block.output) { apply(Identity<I>(), block) }
    case .relu: apply(Clip<I>(lower: 0, upper: .infinity), block)
    case .clip(let min, let max): apply(Clip<I>(lower: min, upper: max), block)
    case .leakyRelu(let alpha): apply(LeakyRelu<I>(alpha: alpha), block)
    case .hardSigmoid(let alpha, let beta): apply(HardSigmoid<I>(alpha: alpha, beta: beta), block)
    case .hardSwish: apply(HardSwish<I>(), block)
    case .sigmoid: apply(Sigmoid<I>(), block)
    case .tanh: apply(Tanh<I>(), block)
    case .silu: apply(Silu<I>(), block)
    case .gelu: apply(Gelu<I>(), block)
    case .geluTanh: apply(GeluTanh<I>(), block)
    }
  }

  /// Applies a function to every element.
  @inlinable @inline(__always)
  public static func apply(_ function: some ActivationFunction<I>, _ block: borrowing ActivationBlock) {
    let whole = block.columns / I.lanes * I.lanes
    let rest = I.mask(first: block.columns - whole)
    var (x, y) = (block.input, block.output)
    for _ in 0..<block.rows {
      var j = 0
      while j < whole {
        I.store(y + j, function(I.load(x + j)))
        j += I.lanes
      }
      if whole < block.columns { I.store(y + whole, function(I.load(x + whole, rest)), rest) }
      x += block.rowStride
      y += block.rowStride
    }
  }
}

/// min(upper, max(lower, x)); NaN passes.
public struct Clip<I: ISA>: ActivationFunction {
  @usableFromInline let lower: I.F32
  @usableFromInline let upper: I.F32

  /// Clips to these bounds.
  @inlinable @inline(__always)
  public init(lower: Float, upper: Float) {
    self.lower = I.broadcast(lower)
    self.upper = I.broadcast(upper)
  }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.min(upper, I.max(lower, x)) }
}

/// x where x ≥ 0, alpha * x elsewhere.
public struct LeakyRelu<I: ISA>: ActivationFunction {
  @usableFromInline let alpha: I.F32

  /// Scales negative numbers by `alpha`.
  @inlinable @inline(__always)
  public init(alpha: Float) { self.alpha = I.broadcast(alpha) }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.select(I.less(x, I.zero()), I.mul(x, alpha), x) }
}

/// max(0, min(1, alpha * x + beta)).
public struct HardSigmoid<I: ISA>: ActivationFunction {
  @usableFromInline let alpha: I.F32
  @usableFromInline let beta: I.F32

  /// The line's slope and its value at 0.
  @inlinable @inline(__always)
  public init(alpha: Float, beta: Float) {
    self.alpha = I.broadcast(alpha)
    self.beta = I.broadcast(beta)
  }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 {
    I.max(I.zero(), I.min(I.broadcast(1), I.fma(x, alpha, beta)))
  }
}

/// x * max(0, min(1, x / 6 + 1/2)).
public struct HardSwish<I: ISA>: ActivationFunction {
  @usableFromInline let sigmoid: HardSigmoid<I>

  /// The function of ONNX's HardSwish.
  @inlinable @inline(__always)
  public init() { sigmoid = HardSigmoid(alpha: 1 / 6, beta: 0.5) }

  /// The function's value for every lane.
  @inlinable @inline(__always)
  public func callAsFunction(_ x: I.F32) -> I.F32 { I.mul(x, sigmoid(x)) }
}
