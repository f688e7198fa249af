import CIntrinsics

/// Output positions that one vector computes together, at consecutive elements of the (padded) input.
public struct DirectVector: BitwiseCopyable, Sendable {
  /// Input element of lane 0, at the first tap.
  public var source: Int
  /// The first of the segments that its lanes are stored as, and how many they are.
  public var firstSegment: Int, segmentCount: Int

  /// A vector.
  @inlinable
  public init(source: Int, firstSegment: Int, segmentCount: Int) {
    self.source = source
    self.firstSegment = firstSegment
    self.segmentCount = segmentCount
  }
}

/// Lanes of a vector that lie together in the output.
public struct DirectSegment: BitwiseCopyable, Sendable {
  /// Lanes.
  public var from: Int, to: Int
  /// Output element of lane 0, whether that is stored or not.
  public var output: Int

  /// A segment.
  @inlinable
  public init(from: Int, to: Int, output: Int) {
    self.from = from
    self.to = to
    self.output = output
  }
}

/// Output channels of one group, computed straight from the (padded) input: the arguments of a direct kernel.
///
/// The lanes of vector v of channel m are the sums over k of `weights[k][m] * source[v.source + offsets[k]...]`. Every lane is
/// read, also those that are not stored.
public struct DirectGroup {
  /// The group's input.
  public var source: UnsafePointer<Float>
  /// Shift of every input channel and kernel tap.
  public var offsets: UnsafePointer<Int>
  /// Number of shifts.
  public var depth = 0
  /// The vectors that hold the output positions.
  public var vectors: UnsafePointer<DirectVector>
  /// Number of vectors.
  public var vectorCount = 0
  /// The vectors' segments.
  public var segments: UnsafePointer<DirectSegment>
  /// Packed weights: panels [k][m] of the channels, dealt as A's rows in `GEMMBlock`.
  public var weights: UnsafePointer<Float>
  /// Output channels, and the panels that they are dealt over.
  public var channels = 0, panels = 0
  /// The first output channel.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one output channel to the next.
  public var channelStride = 0
  /// One number per channel.
  public var bias: UnsafePointer<Float>? = nil
  /// Laid out as the output.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// A group whose sizes are yet to be set.
  @inlinable
  public init(
    source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, vectors: UnsafePointer<DirectVector>,
    segments: UnsafePointer<DirectSegment>, weights: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    self.offsets = offsets
    self.vectors = vectors
    self.segments = segments
    self.weights = weights
    self.output = output
  }
}

/// Direct convolution for groups of few channels: output positions in lanes, weights broadcast.
///
/// A tile is up to four channels by several vectors of positions: a vector of input is loaded once for all channels, a weight
/// once for all vectors. Where rows are shorter than vectors, a vector runs on from one row to the next.
public enum DirectConvolution<I: ISA> {
  /// Channels of the largest tile.
  @inlinable @inline(__always)
  public static var channels: Int { 4 }

  /// Vectors of the largest tile.
  @inlinable @inline(__always)
  static var vectors: Int { I.registers >= 32 ? 6 : 2 }

  /// Computes the group.
  @inlinable @inline(__always)
  public static func run(_ group: borrowing DirectGroup) {
    var panel = 0
    var channel = 0
    while panel < group.panels {
      panel += 1
      let next = GEMMBlock.firstRow(ofPanel: panel, rows: group.channels, panels: group.panels)
      switch next - channel {
      case 1: runPanel(group, Rows<1>.self, channel: channel)
      case 2: runPanel(group, Rows<2>.self, channel: channel)
      case 3: runPanel(group, Rows<3>.self, channel: channel)
      case 4: runPanel(group, Rows<4>.self, channel: channel)
      default: break
      }
      channel = next
    }
  }

  /// Names a tile's channels.
  public enum Rows<let MR: Int> {}

  /// Names a tile's channels and vectors.
  public enum Tile<let MR: Int, let NR: Int> {}

  /// All vectors of one panel of channels, dealt evenly over tiles.
  @inlinable @inline(__always)
  static func runPanel<let MR: Int>(_ group: borrowing DirectGroup, _: Rows<MR>.Type, channel: Int) {
    var vector = 0
    while vector < group.vectorCount {
      let rest = group.vectorCount - vector
      let tiles = (rest + vectors - 1) / vectors
      let count = (rest + tiles - 1) / tiles
      switch count {
      case 1: runTile(group, Tile<MR, 1>.self, channel: channel, vector: vector)
      case 2: runTile(group, Tile<MR, 2>.self, channel: channel, vector: vector)
      case 3 where vectors > 2: runTile(group, Tile<MR, 3>.self, channel: channel, vector: vector)
      case 4 where vectors > 2: runTile(group, Tile<MR, 4>.self, channel: channel, vector: vector)
      case 5 where vectors > 2: runTile(group, Tile<MR, 5>.self, channel: channel, vector: vector)
      case 6 where vectors > 2: runTile(group, Tile<MR, 6>.self, channel: channel, vector: vector)
      default: break
      }
      vector += count
    }
  }

  @inlinable @inline(__always)
  static func runTile<let MR: Int, let NR: Int>(
    _ group: borrowing DirectGroup, _: Tile<MR, NR>.Type, channel: Int, vector: Int
  ) {
    let (bias, source, vectors) = (group.bias, group.source, group.vectors + vector)
    var sums = InlineArray<MR, InlineArray<NR, I.F32>> { m in
      InlineArray(repeating: I.broadcast(bias.map { $0[channel + m] } ?? 0))
    }
    let sources = InlineArray<NR, UnsafePointer<Float>> { j in source + vectors[j].source }
    // The output is fetched while the sums are made: a store to a line that is not there waits.
    for j in 0..<NR {
      let first = group.output + (channel * group.channelStride + group.segments[vectors[j].firstSegment].output)
      for m in 0..<MR { isa_prefetch(first + m * group.channelStride) }
    }
    let weights = group.weights + channel * group.depth
    var k = 0
    while k < group.depth {
      let offset = group.offsets[k]
      var values = InlineArray<NR, I.F32>(repeating: sums[0][0])
      for j in 0..<NR { values[j] = I.load(sources[j] + offset) }
      for m in 0..<MR {
        let w = I.broadcast(weights[k * MR + m])
        for j in 0..<NR { sums[m][j] = I.fma(w, values[j], sums[m][j]) }
      }
      k += 1
    }
    // One by one: sums stay in registers only where every index is a constant, and the compiler keeps this a loop.
    if NR > 0 { finish(&sums, 0, group, vectors[0], channel: channel) }
    if NR > 1 { finish(&sums, 1, group, vectors[1], channel: channel) }
    if NR > 2 { finish(&sums, 2, group, vectors[2], channel: channel) }
    if NR > 3 { finish(&sums, 3, group, vectors[3], channel: channel) }
    if NR > 4 { finish(&sums, 4, group, vectors[4], channel: channel) }
    if NR > 5 { finish(&sums, 5, group, vectors[5], channel: channel) }
  }

  /// Adds the residual to the sums of vector `j` of the tile, bounds and stores them.
  @inlinable @inline(__always)
  static func finish<let MR: Int, let NR: Int>(
    _ sums: inout InlineArray<MR, InlineArray<NR, I.F32>>, _ j: Int, _ group: borrowing DirectGroup,
    _ vector: DirectVector, channel: Int
  ) {
    let (lower, upper) = (I.broadcast(group.lowerBound), I.broadcast(group.upperBound))
    let (firstChannel, channelStride) = (channel * group.channelStride, group.channelStride)
    var s = 0
    while s < vector.segmentCount {
      let segment = group.segments[vector.firstSegment + s]
      let place = firstChannel + segment.output
      let output = group.output + place
      if segment.to - segment.from == I.lanes {
        if let residual = group.residual {
          for m in 0..<MR { sums[m][j] = I.add(sums[m][j], I.load(residual + (place + m * channelStride))) }
        }
        for m in 0..<MR { I.store(output + m * channelStride, I.min(upper, I.max(lower, sums[m][j]))) }
      } else {
        let mask = I.mask(from: segment.from, to: segment.to)
        if let residual = group.residual {
          for m in 0..<MR { sums[m][j] = I.add(sums[m][j], I.load(residual + (place + m * channelStride), mask)) }
        }
        for m in 0..<MR { I.store(output + m * channelStride, I.min(upper, I.max(lower, sums[m][j])), mask) }
      }
      s += 1
    }
  }
}
