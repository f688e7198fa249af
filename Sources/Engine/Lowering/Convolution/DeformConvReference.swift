import Graph

/// Deformable convolution in two dimensions: each tap reads at its place plus an offset, interpolated, zero outside the image.
///
/// Dai et al., "Deformable Convolutional Networks" (2017); with a mask, Zhu et al. (2018).
enum DeformConvReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let g = try ConvGeometry(node, weights: 1)
    let image = try node.values(0, as: real), weights = try node.values(1, as: real)
    let offsets = try node.values(2, as: real)
    let bias = try node.optionalValues(3, as: real), mask = try node.optionalValues(4, as: real)
    let offsetGroups = try node.context.int("offset_group", default: 1)
    let (height, width) = (g.spatial[0], g.spatial[1])
    let (rows, columns) = (g.window.output[0], g.window.output[1])
    let taps = g.window.kernel[0] * g.window.kernel[1]
    let perGroup = g.channels / g.groups, filtersPerGroup = g.filters / g.groups
    let perOffsetGroup = g.channels / offsetGroups

    var result = try node.filled(R.zero, shape: g.output)
    if let bias { for i in result.indices { result[i] = bias[i / (rows * columns) % g.filters] } }
    for item in 0..<g.batch {
      for channel in 0..<g.channels {
        let plane = (item * g.channels + channel) * height * width
        let offsetGroup = item * offsetGroups + channel / perOffsetGroup
        let group = channel / perGroup
        for tap in 0..<taps {
          let (ky, kx) = (tap / g.window.kernel[1], tap % g.window.kernel[1])
          for row in 0..<rows {
            for column in 0..<columns {
              let position = row * columns + column
              let offset = ((offsetGroup * taps + tap) * 2) * rows * columns + position
              let y =
                R(row * g.window.strides[0] - g.window.padsBegin[0] + ky * g.window.dilations[0]) + offsets[offset]
              let x =
                R(column * g.window.strides[1] - g.window.padsBegin[1] + kx * g.window.dilations[1])
                + offsets[offset + rows * columns]
              var value = sample(image, plane, height, width, y, x)
              if let mask { value *= mask[(offsetGroup * taps + tap) * rows * columns + position] }
              if value == 0 { continue }
              for filter in (group * filtersPerGroup)..<((group + 1) * filtersPerGroup) {
                let weight = weights[(filter * perGroup + channel % perGroup) * taps + tap]
                result[(item * g.filters + filter) * rows * columns + position] += weight * value
              }
            }
          }
        }
      }
    }
    return [try node.result(result, shape: g.output, type: try node.tensor(0).dataType)]
  }

  /// Bilinear interpolation in one channel, zero outside.
  @inline(__always)
  private static func sample<R: RealElement>(
    _ image: [R], _ plane: Int, _ height: Int, _ width: Int, _ y: R, _ x: R
  ) -> R {
    guard y > -1, x > -1, y < R(height), x < R(width) else { return 0 }
    let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    let (dy, dx) = (y - R(top), x - R(left))
    func at(_ row: Int, _ column: Int) -> R {
      row >= 0 && row < height && column >= 0 && column < width ? image[plane + row * width + column] : 0
    }
    return (1 - dy) * ((1 - dx) * at(top, left) + dx * at(top, left + 1))
      + dy * ((1 - dx) * at(top + 1, left) + dx * at(top + 1, left + 1))
  }
}
