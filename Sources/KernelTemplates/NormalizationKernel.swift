/// Rows to normalize: y = (x - mean) / √(variance + epsilon) · scale + shift over each row.
public struct LayerNormBlock {
  /// Rows and their length.
  public var rows = 0, columns = 0
  /// Numbers to normalize, [rows, columns].
  public var x: UnsafePointer<Float>
  /// Added to `x` first, laid out as it; a residual connection.
  public var residual: UnsafePointer<Float>? = nil
  /// Added to every row first, [columns].
  public var bias: UnsafePointer<Float>? = nil
  /// [columns]; none is 1.
  public var scale: UnsafePointer<Float>? = nil
  /// [columns]; none is 0.
  public var shift: UnsafePointer<Float>? = nil
  /// Added to the variance.
  public var epsilon: Float = 1e-5
  /// RMSNorm: the mean is taken as 0.
  public var isRootMeanSquare = false
  /// Results, [rows, columns]; may be `x` or the residual.
  public var output: UnsafeMutablePointer<Float>
  /// Receives x + residual + bias, if wanted; may be `x` or the residual, not the output.
  public var sum: UnsafeMutablePointer<Float>? = nil

  /// A block whose sizes are yet to be set.
  @inlinable
  public init(x: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    self.x = x
    self.output = output
  }
}

/// LayerNorm, RMSNorm and, with a residual, SkipLayerNorm, in three passes over a row that stays in the cache: the (summed) row
/// and its mean, the variance of the differences from the mean, the result.
///
/// Ba, Kiros and Hinton, "Layer Normalization" (2016); Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
public enum LayerNormKernel<I: ISA> {
  /// Runs the block.
  @inlinable @inline(__always)
  public static func run(_ block: borrowing LayerNormBlock) {
    let whole = block.columns / I.lanes * I.lanes
    let rest = I.mask(first: block.columns - whole)
    let length = Float(block.columns)
    let hasResidual = block.residual != nil
    let hasAddends = block.bias != nil ? true : hasResidual
    var row = 0
    while row < block.rows {
      let offset = row * block.columns
      let y = block.output + offset
      var source = block.x + offset
      if hasAddends {
        var target = y
        if let sum = block.sum { target = sum + offset }
        add(block, offset, target, whole, rest)
        source = UnsafePointer(target)
      } else if let sum = block.sum {
        copy(source, sum + offset, whole, rest, block.columns)
      }
      let mean = block.isRootMeanSquare ? 0 : SumReducer<I>.sum(source, block.columns) / length
      let variance = SumReducer<I>.sumOfSquares(source, minus: mean, block.columns) / length
      let factor = I.broadcast(1 / (variance + block.epsilon).squareRoot())
      let center = I.broadcast(mean)
      let (scales, shifts) = (block.scale, block.shift)
      var i = 0
      while i < whole {
        var v = I.mul(I.sub(I.load(source + i), center), factor)
        if let scales { v = I.mul(v, I.load(scales + i)) }
        if let shifts { v = I.add(v, I.load(shifts + i)) }
        I.store(y + i, v)
        i += I.lanes
      }
      if i < block.columns {
        var v = I.mul(I.sub(I.load(source + i, rest), center), factor)
        if let scales { v = I.mul(v, I.load(scales + i, rest)) }
        if let shifts { v = I.add(v, I.load(shifts + i, rest)) }
        I.store(y + i, v, rest)
      }
      row += 1
    }
  }

  @inlinable @inline(__always)
  static func add(
    _ block: borrowing LayerNormBlock, _ offset: Int, _ target: UnsafeMutablePointer<Float>, _ whole: Int,
    _ rest: I.Mask
  ) {
    let x = block.x + offset
    var i = 0
    while i < whole {
      var v = I.load(x + i)
      if let residual = block.residual { v = I.add(v, I.load(residual + offset + i)) }
      if let bias = block.bias { v = I.add(v, I.load(bias + i)) }
      I.store(target + i, v)
      i += I.lanes
    }
    if i < block.columns {
      var v = I.load(x + i, rest)
      if let residual = block.residual { v = I.add(v, I.load(residual + offset + i, rest)) }
      if let bias = block.bias { v = I.add(v, I.load(bias + i, rest)) }
      I.store(target + i, v, rest)
    }
  }

  @inlinable @inline(__always)
  static func copy(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ whole: Int, _ rest: I.Mask, _ count: Int
  ) {
    var i = 0
    while i < whole {
      I.store(y + i, I.load(x + i))
      i += I.lanes
    }
    if i < count { I.store(y + i, I.load(x + i, rest), rest) }
  }
}

/// Sums over contiguous numbers, with as many partial sums as hide the additions' latency.
public enum SumReducer<I: ISA> {
  /// Σ x.
  @inlinable @inline(__always)
  public static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    ReduceKernel<I>.row(SumReduction<I>.self, x, count)
  }

  /// Σ (x - center)².
  @inlinable @inline(__always)
  public static func sumOfSquares(_ x: UnsafePointer<Float>, minus center: Float, _ count: Int) -> Float {
    let c = I.broadcast(center)
    let step = 4 * I.lanes
    var total = 0.0
    var i = 0
    while i + step <= count {
      let end = Swift.min(count, i + ReduceKernel<I>.blockLength * step)
      var (s0, s1, s2, s3) = (I.zero(), I.zero(), I.zero(), I.zero())
      while i + step <= end {
        let d0 = I.sub(I.load(x + i), c)
        let d1 = I.sub(I.load(x + i + I.lanes), c)
        let d2 = I.sub(I.load(x + i + 2 * I.lanes), c)
        let d3 = I.sub(I.load(x + i + 3 * I.lanes), c)
        (s0, s1) = (I.fma(d0, d0, s0), I.fma(d1, d1, s1))
        (s2, s3) = (I.fma(d2, d2, s2), I.fma(d3, d3, s3))
        i += step
      }
      total += Double(I.sum(I.add(I.add(s0, s1), I.add(s2, s3))))
    }
    var s = I.zero()
    while i < count {
      let mask = I.mask(first: count - i)
      let d = I.select(mask, I.sub(I.load(x + i, mask), c), I.zero())
      s = I.fma(d, d, s)
      i += I.lanes
    }
    return Float(total + Double(I.sum(s)))
  }
}

/// A line per channel: y[channel, i] = scale[channel] · x[channel, i] + shift[channel].
///
/// Batch normalization at inference.
public enum ChannelAffineKernel<I: ISA> {
  /// Computes y from x, which it may be; both are [channels, count].
  @inlinable @inline(__always)
  public static func run(
    x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, channels: Int, count: Int, scale: UnsafePointer<Float>,
    shift: UnsafePointer<Float>
  ) {
    var c = 0
    while c < channels {
      line(x + c * count, y + c * count, count, I.broadcast(scale[c]), I.broadcast(shift[c]))
      c += 1
    }
  }

  /// y = scale · x + shift.
  @inlinable @inline(__always)
  static func line(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int, _ scale: I.F32, _ shift: I.F32
  ) {
    var i = 0
    while i + I.lanes <= count {
      I.store(y + i, I.fma(I.load(x + i), scale, shift))
      i += I.lanes
    }
    if i < count {
      let rest = I.mask(first: count - i)
      I.store(y + i, I.fma(I.load(x + i, rest), scale, shift), rest)
    }
  }
}

/// Normalizes a group of channels together, then scales and shifts each: GroupNorm, and with one channel InstanceNorm.
///
/// Wu and He, "Group Normalization" (2018).
public enum GroupNormKernel<I: ISA> {
  /// Computes y from x, which it may be; both are [channels, count], one group.
  ///
  /// - Parameters:
  ///   - scale: [channels].
  ///   - shift: [channels].
  ///   - epsilon: added to the variance.
  @inlinable @inline(__always)
  public static func run(
    x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, channels: Int, count: Int, scale: UnsafePointer<Float>,
    shift: UnsafePointer<Float>, epsilon: Float
  ) {
    let length = Float(channels * count)
    let mean = SumReducer<I>.sum(x, channels * count) / length
    let variance = SumReducer<I>.sumOfSquares(x, minus: mean, channels * count) / length
    let factor = 1 / (variance + epsilon).squareRoot()
    var c = 0
    while c < channels {
      // Around the mean first: mean · scale may be far larger than the result.
      let slope = I.broadcast(scale[c] * factor)
      let (center, offset) = (I.broadcast(mean), I.broadcast(shift[c]))
      let (from, to) = (x + c * count, y + c * count)
      var i = 0
      while i < count {
        let mask = I.mask(first: count - i)
        I.store(to + i, I.fma(I.sub(I.load(from + i, mask), center), slope, offset), mask)
        i += I.lanes
      }
      c += 1
    }
  }
}
