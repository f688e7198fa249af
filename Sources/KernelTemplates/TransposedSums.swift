/// Finished sums [position][channel] and the output [channel][position] that they become: the arguments of a storing kernel.
///
/// output[c][p] = clip(sums[p][c] + bias[c] + residual[c][p]).
public struct TransposedSums {
  /// The first sum.
  ///
  /// Whole squares of vectors are read: up to `lanes` - 1 rows and columns more than are stored.
  public var sums: UnsafePointer<Float>
  /// Elements from one position to the next.
  public var rowStride: Int
  /// Positions and channels.
  public var positions: Int, channels: Int
  /// The first output element.
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one channel of the output (and of the residual) to the next.
  public var channelStride: Int
  /// Room for a square of vectors.
  public var square: UnsafeMutablePointer<Float>
  /// One number per channel.
  public var bias: UnsafePointer<Float>? = nil
  /// Laid out as the output, of which it may be the very memory.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// Sums whose epilogue is yet to be set.
  @inlinable
  public init(
    sums: UnsafePointer<Float>, rowStride: Int, positions: Int, channels: Int, output: UnsafeMutablePointer<Float>,
    channelStride: Int, square: UnsafeMutablePointer<Float>
  ) {
    self.sums = sums
    self.rowStride = rowStride
    self.positions = positions
    self.channels = channels
    self.output = output
    self.channelStride = channelStride
    self.square = square
  }
}

/// Transposes sums into the output by squares in registers, with bias, residual and bounds.
public enum TransposedStore<I: ISA> {
  /// Stores the sums.
  @inlinable @inline(__always)
  public static func run(_ job: borrowing TransposedSums) {
    // What is not changed goes to the output straight from registers; its last square overlaps the one before.
    let (hasBias, hasResidual) = (job.bias != nil, job.residual != nil)
    let isBounded = max(job.lowerBound, -job.upperBound) > -.infinity
    let copies = !hasBias && !hasResidual && !isBounded
    let positions = job.positions
    var channel = 0
    while channel < job.channels {
      let channels = job.channels - channel < I.lanes ? job.channels - channel : I.lanes
      if copies && channels == I.lanes && positions >= I.lanes {
        copy(job, channel: channel)
      } else {
        store(job, channel: channel, channels: channels)
      }
      channel += I.lanes
    }
  }

  /// Transposes a vector of channels of at least as many positions.
  @inlinable @inline(__always)
  static func copy(_ job: borrowing TransposedSums, channel: Int) {
    let last = job.positions - I.lanes
    let from = job.sums + channel
    let to = job.output + channel * job.channelStride
    var position = 0
    while true {
      I.transpose(from + position * job.rowStride, job.rowStride, to + position, job.channelStride)
      if position == last { return }
      position = position + I.lanes < last ? position + I.lanes : last
    }
  }

  /// Finishes a vector of channels, or less.
  @inlinable @inline(__always)
  static func store(_ job: borrowing TransposedSums, channel: Int, channels: Int) {
    var position = 0
    while position < job.positions {
      let from = job.sums + (position * job.rowStride + channel)
      I.transpose(from, job.rowStride, job.square, I.lanes)
      let place = channel * job.channelStride + position
      if position + I.lanes <= job.positions {
        storeWhole(job, channel: channel, channels: channels, place: place)
      } else {
        storePart(job, channel: channel, channels: channels, place: place, count: job.positions - position)
      }
      position += I.lanes
    }
  }

  /// The rows of a square.
  @inlinable @inline(__always)
  static func storeWhole(_ job: borrowing TransposedSums, channel: Int, channels: Int, place: Int) {
    let (lower, upper) = (I.broadcast(job.lowerBound), I.broadcast(job.upperBound))
    var at = place
    var c = 0
    while c < channels {
      var sum = I.load(job.square + c * I.lanes)
      if let bias = job.bias { sum = I.add(sum, I.broadcast(bias[channel + c])) }
      if let residual = job.residual { sum = I.add(sum, I.load(residual + at)) }
      I.store(job.output + at, I.min(upper, I.max(lower, sum)))
      at += job.channelStride
      c += 1
    }
  }

  /// The rows of a square that reaches beyond the last position.
  @inlinable @inline(__always)
  static func storePart(_ job: borrowing TransposedSums, channel: Int, channels: Int, place: Int, count: Int) {
    let (lower, upper) = (I.broadcast(job.lowerBound), I.broadcast(job.upperBound))
    let mask = I.mask(first: count)
    var at = place
    var c = 0
    while c < channels {
      var sum = I.load(job.square + c * I.lanes)
      if let bias = job.bias { sum = I.add(sum, I.broadcast(bias[channel + c])) }
      if let residual = job.residual { sum = I.add(sum, I.load(residual + at, mask)) }
      I.store(job.output + at, I.min(upper, I.max(lower, sum)), mask)
      at += job.channelStride
      c += 1
    }
  }
}
