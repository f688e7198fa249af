import KernelTemplates

extension KernelContext {
  /// Softmax, or its logarithm, over the middle axis of x [outer, count, inner]; `y` may be `x`.
  public func softmax(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, outer: Int, count: Int, inner: Int = 1,
    logarithm: Bool = false
  ) {
    parallelRanges(outer, cost: 8 * count * inner) { range in
      let offset = range.lowerBound * count * inner
      table.vector.softmax(x + offset, y + offset, range.count, count, inner, logarithm)
    }
  }

  /// LayerNorm, RMSNorm and SkipLayerNorm over the rows of a block; see `LayerNormBlock`.
  public func layerNorm(_ block: LayerNormBlock) {
    parallelRanges(block.rows, cost: 3 * block.columns) { range in
      var part = block
      let offset = range.lowerBound * block.columns
      part.rows = range.count
      part.x += offset
      part.residual = block.residual.map { $0 + offset }
      part.output += offset
      part.sum = block.sum.map { $0 + offset }
      table.vector.layerNorm(&part)
    }
  }

  /// GroupNorm of x [batch, channels, count], and with as many groups as channels InstanceNorm; `y` may be `x`.
  ///
  /// - Parameters:
  ///   - x: what is read.
  ///   - y: what is written.
  ///   - batch: images.
  ///   - channels: channels of each.
  ///   - count: elements of each channel.
  ///   - groups: a divisor of `channels`.
  ///   - scale: [channels].
  ///   - shift: [channels].
  ///   - epsilon: added to the variance.
  public func groupNorm(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, batch: Int, channels: Int, count: Int, groups: Int,
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float
  ) {
    let members = channels / groups
    parallelRanges(batch * groups, cost: 3 * members * count) { range in
      for index in range {
        let (offset, channel) = (index * members * count, index % groups * members)
        table.vector.groupNorm(x + offset, y + offset, members, count, scale + channel, shift + channel, epsilon)
      }
    }
  }

  /// y = scale[channel] · x + shift[channel] for x [batch, channels, count]: batch normalization; `y` may be `x`.
  public func channelAffine(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, batch: Int, channels: Int, count: Int,
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>
  ) {
    parallelRanges(batch * channels, cost: count) { range in
      var index = range.lowerBound
      while index < range.upperBound {
        let channel = index % channels
        let run = min(channels - channel, range.upperBound - index)
        table.vector.channelAffine(x + index * count, y + index * count, run, count, scale + channel, shift + channel)
        index += run
      }
    }
  }
}
