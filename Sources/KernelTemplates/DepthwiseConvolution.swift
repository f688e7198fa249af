import CIntrinsics

/// Output channels that see one input channel each: the arguments of `DepthwiseConvolution`.
///
/// Output element (row r, column x) is the sum over taps (i, j) of `weights[i * kernel + j]` times the input element of row
/// `r * stride + i - padTop` and column `x * stride + j - padLeft`, or zero where there is none.
public struct DepthwisePlanes {
  /// The first output channel's input.
  public var input: UnsafePointer<Float>
  /// Elements from one output channel's input to the next one's.
  public var inputStride = 0
  /// Sizes of an input channel.
  public var inputRows = 0, inputColumns = 0
  /// Zeros above the first input row and before the first input column.
  public var padTop = 0, padLeft = 0
  /// Taps on each axis, and input positions from one output to the next on each axis: those that the kernel supports.
  public var kernel = 3, stride = 1
  /// One square of taps after the other.
  public var weights: UnsafePointer<Float>
  /// The output channels, one behind the other.
  public var output: UnsafeMutablePointer<Float>
  /// How many there are, and their sizes.
  public var channels = 0, rows = 0, columns = 0
  /// One number per output channel.
  public var bias: UnsafePointer<Float>? = nil
  /// Laid out as the output.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// Channels whose sizes are yet to be set.
  @inlinable
  public init(input: UnsafePointer<Float>, weights: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    self.input = input
    self.weights = weights
    self.output = output
  }
}

/// Depthwise convolution straight from the input: output columns in lanes, weights broadcast, masks at the borders.
///
/// A strip of one vector of columns is walked down the input: each input row is loaded once and added to the few output rows
/// that see it, whose sums stay in registers, so that an output row takes `kernel * stride` loads in the place of
/// `kernel * kernel`.
public enum DepthwiseConvolution<I: ISA> {
  /// Whether there is a kernel of this size and stride.
  @inlinable @inline(__always)
  public static func supports(kernel: Int, stride: Int) -> Bool {
    (kernel == 3 || kernel == 5) && (stride == 1 || stride == 2)
  }

  /// Names a kernel: taps and stride on each axis, output rows that see an input row, and pairs of columns that the taps cover.
  public enum Form<let K: Int, let S: Int, let T: Int, let P: Int> {}

  /// Computes the channels.
  @inlinable @inline(__always)
  public static func run(_ planes: borrowing DepthwisePlanes) {
    switch (planes.kernel, planes.stride) {
    case (3, 1): runChannels(planes, Form<3, 1, 3, 2>.self)
    case (3, 2): runChannels(planes, Form<3, 2, 2, 2>.self)
    case (5, 1): runChannels(planes, Form<5, 1, 5, 3>.self)
    case (5, 2): runChannels(planes, Form<5, 2, 3, 3>.self)
    default: break
    }
  }

  @inlinable @inline(__always)
  static func runChannels<let K: Int, let S: Int, let T: Int, let P: Int>(
    _ planes: borrowing DepthwisePlanes, _ form: Form<K, S, T, P>.Type
  ) {
    // Input columns that the unmasked loads of a strip touch.
    let reach = S == 1 ? I.lanes + K - 1 : 2 * (I.lanes + P - 1)
    // A strip's masks serve as many channels as stay in the first-level cache: planes of 7 by 7 have little else to do.
    let plane = planes.inputRows * planes.inputColumns
    let together = plane < 4096 ? 4096 / (plane + 1) : 1
    var first = 0
    while first < planes.channels {
      let end = first + together < planes.channels ? first + together : planes.channels
      var x = 0
      while x < planes.columns {
        let column = x * S - planes.padLeft
        if column >= 0, column + reach <= planes.inputColumns, x + I.lanes <= planes.columns {
          runStrips(planes, form, channels: first, end, x: x, isMasked: false)
        } else {
          runStrips(planes, form, channels: first, end, x: x, isMasked: true)
        }
        x += I.lanes
      }
      first = end
    }
  }

  /// One vector of columns of all output rows of some channels.
  ///
  /// - Parameters:
  ///   - planes: the channels.
  ///   - first: first of the channels to compute.
  ///   - end: one past the last of them.
  ///   - x: first column of the strip.
  ///   - isMasked: a constant: whether the strip reaches beyond the input or the output.
  @inlinable @inline(__always)
  static func runStrips<let K: Int, let S: Int, let T: Int, let P: Int>(
    _ planes: borrowing DepthwisePlanes, _: Form<K, S, T, P>.Type, channels first: Int, _ end: Int, x: Int,
    isMasked: Bool
  ) {
    let (width, height) = (planes.inputColumns, planes.inputRows)
    let column = x * S - planes.padLeft
    let storeMask = I.mask(first: planes.columns - x)
    // Three taps at a stride of 2 are read from their middle on, where rows are aligned if anywhere; the lane before follows.
    let isShifted = K == 3 && S == 2
    let hasFirst = column >= 0 && column < width
    // Of a stride of 1: one mask per tap. Of 2: the masks of a pair's first and second vector.
    let masks = InlineArray<K, I.Mask> { i in
      let shift = column + (S == 1 ? i : i / 2 * 2 + i % 2 * I.lanes + (isShifted ? 1 : 0))
      return I.mask(from: -shift, to: width - shift)
    }
    let lastMask = I.mask(from: -(column + K - 1 + I.lanes), to: width - (column + K - 1 + I.lanes))
    let (lower, upper) = (I.broadcast(planes.lowerBound), I.broadcast(planes.upperBound))
    var channel = first
    while channel < end {
      let place = channel * planes.rows * planes.columns + x
      let weights = planes.weights + channel * K * K
      let bias = I.broadcast(planes.bias?[channel] ?? 0)
      // As memory operands nine taps take more loads than the input: in registers they save a quarter of the time on Zen 5.
      let taps = InlineArray<K, InlineArray<K, I.F32>> { i in
        InlineArray { j in I.broadcast(weights[i * K + j]) }
      }
      var sums = InlineArray<T, I.F32>(repeating: bias)
      var line = -planes.padTop
      var from = planes.input + (channel * planes.inputStride + column) + line * width
      var step = 0
      while step < planes.rows + T - 1 {
        // `S` input rows, from the first one of output row `step` on; output row `step - (T - 1)` is `sums[0]`.
        for phase in 0..<S {
          if line >= 0, line < height {
            // The next channel's plane, of which a stride of 1 reads little enough at a time: an eighth of the time of 14x14.
            if S == 1 { isa_prefetch(from + planes.inputStride) }
            var values = InlineArray<K, I.F32>(repeating: bias)
            if S == 1 {
              for j in 0..<K { values[j] = isMasked ? I.load(from + j, masks[j]) : I.load(from + j) }
            } else if isShifted {
              let (low, high) = (from + 1, from + (1 + I.lanes))
              let a = isMasked ? I.load(low, masks[0]) : I.load(low)
              let b = isMasked ? I.load(high, masks[1]) : I.load(high)
              let first = isMasked && !hasFirst ? I.zero() : I.broadcast(from[0])
              values[1] = I.even(a, b)
              values[2] = I.odd(a, b)
              values[0] = I.shiftIn(values[2], first)
            } else {
              for p in 0..<P {
                let (low, high) = (from + 2 * p, from + (2 * p + I.lanes))
                let a = isMasked ? I.load(low, masks[2 * p]) : I.load(low)
                let b =
                  isMasked ? I.load(high, 2 * p + 1 < K ? masks[2 * p + 1] : lastMask) : I.load(high)
                values[2 * p] = I.even(a, b)
                if 2 * p + 1 < K { values[2 * p + 1] = I.odd(a, b) }
              }
            }
            for t in 0..<T {
              let i = phase + S * (T - 1 - t)
              if i < K {
                for j in 0..<K {
                  // More taps than there are registers for stay in memory.
                  let tap = K == 3 ? taps[i][j] : I.broadcast(weights[i * K + j])
                  sums[t] = I.fma(tap, values[j], sums[t])
                }
              }
            }
          }
          line += 1
          from += width
        }
        let row = step - (T - 1)
        if row >= 0 {
          let at = place + row * planes.columns
          var result = sums[0]
          if let residual = planes.residual {
            result = I.add(result, isMasked ? I.load(residual + at, storeMask) : I.load(residual + at))
          }
          result = I.min(upper, I.max(lower, result))
          if isMasked {
            I.store(planes.output + at, result, storeMask)
          } else {
            I.store(planes.output + at, result)
          }
        }
        // One by one: the compiler makes a loop a move in memory.
        if T > 1 { sums[0] = sums[1] }
        if T > 2 { sums[1] = sums[2] }
        if T > 3 { sums[2] = sums[3] }
        if T > 4 { sums[3] = sums[4] }
        sums[T - 1] = bias
        step += 1
      }
      channel += 1
    }
  }
}
