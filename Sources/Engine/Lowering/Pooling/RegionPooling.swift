import Graph
import Kernels

/// The greatest element of each bin of each region.
///
/// Girshick, "Fast R-CNN" (2015).
enum MaxRoiPoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let shape = try node.tensor(0).shape
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let image = try node.values(0, as: real), regions = try node.values(1, as: real)
    let pooled = try node.context.ints("pooled_shape") ?? [1, 1]
    let scale = R(try node.context.float("spatial_scale", default: 1))
    let output = [regions.count / 5, channels, pooled[0], pooled[1]]
    var result = try node.filled(R.zero, shape: output)
    for region in 0..<output[0] {
      let item = try node.index(regions[region * 5], below: shape[0], input: 1)
      let corners = try (1...4).map { corner throws(GraphError) in
        try node.coordinate((regions[region * 5 + corner] * scale).rounded(), input: 1)
      }
      let rows = bins(start: corners[1], end: corners[3], count: pooled[0], limit: height, as: real)
      let columns = bins(start: corners[0], end: corners[2], count: pooled[1], limit: width, as: real)
      for channel in 0..<channels {
        let plane = (item * channels + channel) * height * width
        for (r, rowBin) in rows.enumerated() {
          for (c, columnBin) in columns.enumerated() where !rowBin.isEmpty && !columnBin.isEmpty {
            var best = -R.infinity
            for y in rowBin { for x in columnBin { best = max(best, image[plane + y * width + x]) } }
            result[((region * channels + channel) * pooled[0] + r) * pooled[1] + c] = best
          }
        }
      }
    }
    return [try node.result(result, shape: output, type: try node.tensor(0).dataType)]
  }

  /// Ranges of elements that the bins of one axis of a region cover.
  private static func bins<R: RealElement>(
    start: Int, end: Int, count: Int, limit: Int, as real: R.Type
  ) -> [Range<Int>] {
    let size = R(max(end - start + 1, 1)) / R(count)
    return (0..<count).map { bin in
      let first = Int((R(bin) * size).rounded(.down)) + start
      let last = Int((R(bin + 1) * size).rounded(.up)) + start
      let lower = min(max(first, 0), limit)
      return lower..<max(lower, min(max(last, 0), limit))
    }
  }
}

/// The mean or greatest of interpolated samples in each bin of each region.
///
/// He et al., "Mask R-CNN" (2017).
enum RoiAlignReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let shape = try node.tensor(0).shape
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let image = try node.values(0, as: real), regions = try node.values(1, as: real)
    let items = try node.values(2, as: Int64.self)
    let rows = try node.context.int("output_height", default: 1),
      columns = try node.context.int("output_width", default: 1)
    let count = try node.tensor(1).shape[0]
    guard items.count == count else { throw node.badShape(2, expected: "\(count)", found: [items.count]) }
    let scale = R(try node.context.float("spatial_scale", default: 1))
    let ratio = try node.context.int("sampling_ratio", default: 0)
    let mode = try node.context.string("mode", default: "avg")
    let placement = try node.context.string(
      "coordinate_transformation_mode", default: node.version < 16 ? "output_half_pixel" : "half_pixel")
    let halfPixel = placement == "half_pixel"
    let output = [count, channels, rows, columns]
    var result = try node.filled(R.zero, shape: output)
    guard height > 0, width > 0 else {
      return [try node.result(result, shape: output, type: try node.tensor(0).dataType)]
    }
    let grids = try (0..<count).map { region throws(GraphError) in
      guard items[region] >= 0, items[region] < shape[0] else {
        throw node.badValue(2, expected: "items below \(shape[0])", found: items[region])
      }
      return try SampleGrid(
        corners: (0..<4).map { regions[region * 4 + $0] * scale - (halfPixel ? 0.5 : 0) },
        bins: (rows, columns), ratio: ratio, leastExtent: halfPixel ? nil : 1, node)
    }
    try checkWork(grids, binsOfRegion: .saturatedProduct(channels, rows, columns), ratio: ratio, node)
    for (region, grid) in grids.enumerated() {
      for row in 0..<rows {
        for column in 0..<columns {
          for channel in 0..<channels {
            let plane = (Int(items[region]) * channels + channel) * height * width
            var total = mode == "max" ? -R.infinity : 0
            for gy in 0..<grid.rows {
              let y = grid.top + (R(row) + (R(gy) + 0.5) / R(grid.rows)) * grid.binHeight
              for gx in 0..<grid.columns {
                let x = grid.left + (R(column) + (R(gx) + 0.5) / R(grid.columns)) * grid.binWidth
                let parts = sample(image, plane, height, width, y, x)
                total = mode == "max" ? max(total, parts.greatest) : total + parts.sum
              }
            }
            if grid.samples == 0 { total = 0 }
            if mode != "max" { total /= R(max(grid.samples, 1)) }
            result[((region * channels + channel) * rows + row) * columns + column] = total
          }
        }
      }
    }
    return [try node.result(result, shape: output, type: try node.tensor(0).dataType)]
  }

  /// The most samples of a node, a minute's work: as many as a thousand regions of 256 channels need, each as large as an image
  /// of 256 x 256.
  private static var mostSamples: Int { 1 << 34 }

  /// Refuses regions or a ratio that would take the node practically for ever.
  private static func checkWork<R>(
    _ grids: [SampleGrid<R>], binsOfRegion: Int, ratio: Int, _ node: Evaluation
  ) throws(GraphError) {
    let perBin = grids.reduce(0) { $0.addingSaturated($1.samples) }
    let samples = perBin.multipliedSaturated(by: binsOfRegion)
    guard samples > mostSamples else { return }
    guard ratio > 0 else {
      throw node.badValue(1, expected: "regions of at most \(mostSamples) samples in all", found: samples)
    }
    throw .invalidAttribute(
      node: node.context.name, attribute: "sampling_ratio", expected: "at most \(mostSamples) samples in all",
      found: "\(ratio), which makes \(samples)")
  }

  /// The weighted neighbours of a point: their sum, and the greatest of them; zero beyond the image.
  @inline(__always)
  private static func sample<R: RealElement>(
    _ image: [R], _ plane: Int, _ height: Int, _ width: Int, _ y: R, _ x: R
  ) -> (sum: R, greatest: R) {
    guard y >= -1, y <= R(height), x >= -1, x <= R(width) else { return (0, 0) }
    let (top, dy) = split(y, height), (left, dx) = split(x, width)
    let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
    let a = (1 - dy) * (1 - dx) * image[plane + top * width + left]
    let b = (1 - dy) * dx * image[plane + top * width + right]
    let c = dy * (1 - dx) * image[plane + bottom * width + left]
    let d = dy * dx * image[plane + bottom * width + right]
    return (a + b + c + d, max(max(a, b), max(c, d)))
  }

  @inline(__always)
  private static func split<R: RealElement>(_ value: R, _ limit: Int) -> (Int, R) {
    let clamped = max(value, 0)
    let low = Int(clamped)
    return low >= limit - 1 ? (limit - 1, 0) : (low, clamped - R(low))
  }
}

/// Where a region is sampled: a grid of points in each of its bins.
private struct SampleGrid<R: RealElement> {
  /// The region's first corner.
  let top: R, left: R
  /// Sizes of a bin, in elements of the image.
  let binHeight: R, binWidth: R
  /// Points of a bin along the two axes.
  let rows: Int, columns: Int

  /// Points of a bin.
  var samples: Int { rows.multipliedSaturated(by: columns) }

  /// - Parameters:
  ///   - corners: left, top, right and bottom in the image.
  ///   - bins: the bins of the region along the two axes.
  ///   - ratio: points of a bin along each axis; 0 or less for one to an element of the image.
  ///   - leastExtent: what smaller sides of the region are taken for.
  init(
    corners: [R], bins: (rows: Int, columns: Int), ratio: Int, leastExtent: R?, _ node: Evaluation
  ) throws(GraphError) {
    (left, top) = (corners[0], corners[1])
    let extent = [corners[3] - corners[1], corners[2] - corners[0]].map { side in
      leastExtent.map { max(side, $0) } ?? side
    }
    (binHeight, binWidth) = (extent[0] / R(bins.rows), extent[1] / R(bins.columns))
    rows = max(0, ratio > 0 ? ratio : try node.coordinate(binHeight.rounded(.up), input: 1))
    columns = max(0, ratio > 0 ? ratio : try node.coordinate(binWidth.rounded(.up), input: 1))
  }
}

extension Evaluation {
  /// A number as an index below a limit.
  func index<R: RealElement>(_ value: R, below limit: Int, input: Int) throws(GraphError) -> Int {
    guard value >= 0, value < R(limit) else { throw badValue(input, expected: "indices below \(limit)", found: value) }
    return Int(value)
  }

  /// A number as a coordinate, if it is one that an image can have.
  func coordinate<R: RealElement>(_ value: R, input: Int) throws(GraphError) -> Int {
    guard value.magnitude < R(1 << 30) else { throw badValue(input, expected: "coordinates below 2^30", found: value) }
    return Int(value)
  }
}
