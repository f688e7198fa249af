/// A function of two numbers.
public enum BinaryFunction: Hashable, Sendable, CaseIterable {
  /// a + b.
  case add
  /// a - b.
  case subtract
  /// a · b.
  case multiply
  /// a / b.
  case divide
  /// The smaller; NaN if either is.
  case minimum
  /// The larger; NaN if either is.
  case maximum
  /// a where a ≥ 0, a · b elsewhere.
  case prelu
}

/// Rows of pairs of numbers, and where they lie.
public struct BinaryBlock {
  /// What to compute.
  public var function: BinaryFunction
  /// Size of the block.
  public var rows = 1, columns = 0
  /// First operands.
  public var a: UnsafePointer<Float>
  /// Elements from one row and column of `a` to the next: 0 where it is broadcast.
  public var aRow = 0, aColumn = 1
  /// Second operands.
  public var b: UnsafePointer<Float>
  /// Elements from one row and column of `b` to the next: 0 where it is broadcast.
  public var bRow = 0, bColumn = 1
  /// Results, with contiguous columns; they may be an operand of the same strides.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one row of results to the next.
  public var outputRow = 0

  /// A block whose sizes are yet to be set.
  @inlinable
  public init(
    function: BinaryFunction, a: UnsafePointer<Float>, b: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    self.function = function
    self.a = a
    self.b = b
    self.output = output
  }
}

/// Computes a block of elementwise results: vectors where an operand's columns are contiguous or one number.
public enum BinaryKernel<I: ISA> {
  /// Runs the block.
  @inlinable @inline(__always)
  public static func run(_ block: borrowing BinaryBlock) {
    switch block.function {
    case .add: apply(Add<I>.self, block)
    case .subtract: apply(Subtract<I>.self, block)
    case .multiply: apply(Multiply<I>.self, block)
    case .divide: apply(Divide<I>.self, block)
    case .minimum: apply(Minimum<I>.self, block)
    case .maximum: apply(Maximum<I>.self, block)
    case .prelu: apply(PRelu<I>.self, block)
    }
  }

  @inlinable @inline(__always)
  static func apply<F: VectorBinaryFunction>(_: F.Type, _ block: borrowing BinaryBlock) where F.I == I {
    let whole = block.columns / I.lanes * I.lanes
    let rest = I.mask(first: block.columns - whole)
    var row = 0
    while row < block.rows {
      let a = block.a + row * block.aRow
      let b = block.b + row * block.bRow
      let y = block.output + row * block.outputRow
      var j = 0
      if block.aColumn == 1, block.bColumn == 1 {
        while j < whole {
          I.store(y + j, F.value(I.load(a + j), I.load(b + j)))
          j += I.lanes
        }
        if j < block.columns { I.store(y + j, F.value(I.load(a + j, rest), I.load(b + j, rest)), rest) }
      } else if block.aColumn == 1, block.bColumn == 0 {
        let second = I.broadcast(b[0])
        while j < whole {
          I.store(y + j, F.value(I.load(a + j), second))
          j += I.lanes
        }
        if j < block.columns { I.store(y + j, F.value(I.load(a + j, rest), second), rest) }
      } else if block.aColumn == 0, block.bColumn == 1 {
        let first = I.broadcast(a[0])
        while j < whole {
          I.store(y + j, F.value(first, I.load(b + j)))
          j += I.lanes
        }
        if j < block.columns { I.store(y + j, F.value(first, I.load(b + j, rest)), rest) }
      } else {
        let one = I.mask(first: 1)
        while j < block.columns {
          I.store(y + j, F.value(I.broadcast(a[j * block.aColumn]), I.broadcast(b[j * block.bColumn])), one)
          j += 1
        }
      }
      row += 1
    }
  }
}

/// A function of two vectors.
public protocol VectorBinaryFunction {
  /// Instruction set.
  associatedtype I: ISA
  /// The function's value for every lane.
  static func value(_ a: I.F32, _ b: I.F32) -> I.F32
}

/// a + b.
public enum Add<I: ISA>: VectorBinaryFunction {
  /// The sums.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 { I.add(a, b) }
}

/// a - b.
public enum Subtract<I: ISA>: VectorBinaryFunction {
  /// The differences.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 { I.sub(a, b) }
}

/// a · b.
public enum Multiply<I: ISA>: VectorBinaryFunction {
  /// The products.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 { I.mul(a, b) }
}

/// a / b.
public enum Divide<I: ISA>: VectorBinaryFunction {
  /// The quotients.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 { I.div(a, b) }
}

/// The smaller; NaN if either is.
public enum Minimum<I: ISA>: VectorBinaryFunction {
  /// The minima.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 {
    I.select(I.isNaN(a), a, I.min(a, b))
  }
}

/// The larger; NaN if either is.
public enum Maximum<I: ISA>: VectorBinaryFunction {
  /// The maxima.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 {
    I.select(I.isNaN(a), a, I.max(a, b))
  }
}

/// a where a ≥ 0, a · b elsewhere.
public enum PRelu<I: ISA>: VectorBinaryFunction {
  /// The values.
  @inlinable @inline(__always) public static func value(_ a: I.F32, _ b: I.F32) -> I.F32 {
    I.select(I.less(a, I.zero()), I.mul(a, b), a)
  }
}
