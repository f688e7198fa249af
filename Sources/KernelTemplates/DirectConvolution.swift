/// Output rows of the output channels of one group, computed straight from the (padded) input: the arguments of a direct kernel.
///
/// Output element (channel m, row r, column x) is the sum over k of `weights[k][m] * source[r * sourceRowStride + offsets[k] + x]`.
public struct DirectRows {
  /// The group's input, at the first of the output rows.
  public var source: UnsafePointer<Float>
  /// Elements from what one output row begins with to what the next one begins with.
  public var sourceRowStride = 0
  /// Shift of every input channel and kernel tap.
  public var offsets: UnsafePointer<Int>
  /// Number of shifts.
  public var depth = 0
  /// Packed weights: panels [k][m] of the channels, dealt as A's rows in `GEMMBlock`.
  public var weights: UnsafePointer<Float>
  /// Output channels, and the panels that they are dealt over.
  public var channels = 0, panels = 0
  /// First output row of the first channel.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one output row to the next.
  public var rowStride = 0
  /// Elements from one output channel to the next.
  public var channelStride = 0
  /// Output rows and their length.
  public var rows = 0, columns = 0
  /// One number per channel.
  public var bias: UnsafePointer<Float>? = nil
  /// Laid out as the output.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// Rows whose sizes are yet to be set.
  @inlinable
  public init(
    source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, weights: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    self.offsets = offsets
    self.weights = weights
    self.output = output
  }
}

/// Direct convolution for groups of few channels, depthwise among them: output positions in lanes, weights broadcast.
///
/// A tile is `MR` channels by several rows of one vector: a vector of input is loaded once for all channels, a weight once for
/// all rows.
public enum DirectConvolution<I: ISA> {
  /// Channels of the largest tile.
  @inlinable @inline(__always)
  public static var channels: Int { 4 }

  /// Computes the rows.
  @inlinable @inline(__always)
  public static func run(_ rows: borrowing DirectRows) {
    var panel = 0
    var channel = 0
    while panel < rows.panels {
      panel += 1
      let next = GEMMBlock.firstRow(ofPanel: panel, rows: rows.channels, panels: rows.panels)
      switch next - channel {
      case 1: runChannels(rows, Tile<1, 4>.self, Tile<1, 1>.self, height: 4, channel: channel)
      case 2: runChannels(rows, Tile<2, 4>.self, Tile<2, 1>.self, height: 4, channel: channel)
      case 3: runChannels(rows, Tile<3, 3>.self, Tile<3, 1>.self, height: 3, channel: channel)
      case 4 where I.registers >= 32: runChannels(rows, Tile<4, 4>.self, Tile<4, 1>.self, height: 4, channel: channel)
      case 4: runChannels(rows, Tile<4, 2>.self, Tile<4, 1>.self, height: 2, channel: channel)
      default: break
      }
      channel = next
    }
  }

  /// Names a tile's channels and rows.
  public enum Tile<let MR: Int, let RR: Int> {}

  /// All rows of one panel of channels, `height` at a time and then one by one.
  @inlinable @inline(__always)
  static func runChannels<let MR: Int, let RR: Int>(
    _ rows: borrowing DirectRows, _: Tile<MR, RR>.Type, _: Tile<MR, 1>.Type, height: Int, channel: Int
  ) {
    var row = 0
    while row + RR <= rows.rows {
      runRows(rows, Tile<MR, RR>.self, channel: channel, row: row)
      row += RR
    }
    while row < rows.rows {
      runRows(rows, Tile<MR, 1>.self, channel: channel, row: row)
      row += 1
    }
  }

  /// Whole vectors, then the masked rest.
  @inlinable @inline(__always)
  static func runRows<let MR: Int, let RR: Int>(
    _ rows: borrowing DirectRows, _: Tile<MR, RR>.Type, channel: Int, row: Int
  ) {
    let source = rows.source + row * rows.sourceRowStride
    let place = channel * rows.channelStride + row * rows.rowStride
    let (channelStride, rowStride) = (rows.channelStride, rows.rowStride)
    let (lower, upper) = (I.broadcast(rows.lowerBound), I.broadcast(rows.upperBound))
    var x = 0
    while x + I.lanes <= rows.columns {
      var sums = InlineArray<MR, InlineArray<RR, I.F32>>(repeating: InlineArray(repeating: I.zero()))
      let weights = rows.weights + channel * rows.depth
      let step = rows.sourceRowStride
      var k = 0
      while k < rows.depth {
        let from = source + rows.offsets[k] + x
        for r in 0..<RR {
          let v = I.load(from + r * step)
          for m in 0..<MR { sums[m][r] = I.fma(I.broadcast(weights[k * MR + m]), v, sums[m][r]) }
        }
        k += 1
      }
      addBias(&sums, rows, channel: channel)
      if let residual = rows.residual {
        let from = residual + place + x
        for m in 0..<MR {
          for r in 0..<RR { sums[m][r] = I.add(sums[m][r], I.load(from + (m * channelStride + r * rowStride))) }
        }
      }
      let to = rows.output + place + x
      for m in 0..<MR {
        for r in 0..<RR { I.store(to + (m * channelStride + r * rowStride), I.min(upper, I.max(lower, sums[m][r]))) }
      }
      x += I.lanes
    }
    guard x < rows.columns else { return }
    let mask = I.mask(first: rows.columns - x)
    var sums = InlineArray<MR, InlineArray<RR, I.F32>>(repeating: InlineArray(repeating: I.zero()))
    let weights = rows.weights + channel * rows.depth
    let step = rows.sourceRowStride
    var k = 0
    while k < rows.depth {
      let from = source + rows.offsets[k] + x
      for r in 0..<RR {
        let v = I.load(from + r * step, mask)
        for m in 0..<MR { sums[m][r] = I.fma(I.broadcast(weights[k * MR + m]), v, sums[m][r]) }
      }
      k += 1
    }
    addBias(&sums, rows, channel: channel)
    if let residual = rows.residual {
      let from = residual + place + x
      for m in 0..<MR {
        for r in 0..<RR { sums[m][r] = I.add(sums[m][r], I.load(from + (m * channelStride + r * rowStride), mask)) }
      }
    }
    let to = rows.output + place + x
    for m in 0..<MR {
      for r in 0..<RR {
        I.store(to + (m * channelStride + r * rowStride), I.min(upper, I.max(lower, sums[m][r])), mask)
      }
    }
  }

  @inlinable @inline(__always)
  static func addBias<let MR: Int, let RR: Int>(
    _ sums: inout InlineArray<MR, InlineArray<RR, I.F32>>, _ rows: borrowing DirectRows, channel: Int
  ) {
    guard let bias = rows.bias else { return }
    for m in 0..<MR {
      let b = I.broadcast(bias[channel + m])
      for r in 0..<RR { sums[m][r] = I.add(sums[m][r], b) }
    }
  }
}
