import Graph
import Kernels

/// An image [N, C, spatial…] with the window that is to slide over it.
struct PoolGeometry: Sendable {
  /// Channels of the whole batch: each is pooled by itself.
  let planes: Int
  /// Spatial sizes of the image.
  let spatial: [Int]
  /// The window.
  let window: SlidingWindow
  /// The shape of the result.
  let output: [Int]

  /// Elements of one channel of the image.
  var inputSize: Int { spatial.reduce(1, *) }
  /// Elements of one channel of the result.
  var outputSize: Int { window.output.reduce(1, *) }

  /// Reads the geometry of a node whose image is input 0.
  init(_ node: Evaluation) throws(GraphError) {
    let shape = try node.tensor(0).shape
    spatial = Array(shape[2...])
    planes = shape[0] * shape[1]
    window = try node.context.slidingWindow().window(over: spatial, node: node.context.name)
    output = Array(shape[..<2]) + window.output
  }
}

/// The greatest element of each window, and where it stands.
enum MaxPoolReference: NumericReference {
  @_specialize(where E == Float)
  @_specialize(where E == Double)
  @_specialize(where E == Int8)
  @_specialize(where E == UInt8)
  static func evaluate<E: NumericElement>(_ node: Evaluation, as element: E.Type) throws(GraphError) -> [RuntimeValue] {
    let g = try PoolGeometry(node)
    let taps = SlidingTap.reading(g.window, over: g.spatial)
    let (inputSize, outputSize) = (g.inputSize, g.outputSize)
    let image = try node.values(0, as: element)
    var result = try node.filled(E.lowest, shape: g.output)
    var places = try node.filled(Int64(-1), shape: g.output)
    let x = image.span
    var best = result.mutableSpan
    var place = places.mutableSpan
    for plane in 0..<g.planes {
      for tap in taps {
        for run in tap.runs {
          for p in 0..<run.count {
            let source = run.input &+ p &* tap.step
            let value = x[plane &* inputSize &+ source]
            let o = plane &* outputSize &+ run.output &+ p
            if place[o] < 0 || value > best[o] || value.isNotANumber {
              best[o] = value
              place[o] = Int64(source)
            }
          }
        }
      }
    }
    var outputs = [try node.result(result, shape: g.output, type: try node.tensor(0).dataType)]
    if node.wantsOutput(1) {
      let columnMajor = try node.context.bool("storage_order", default: false)
      let indices = places.enumerated().map { index, place in
        Int64(index / outputSize * inputSize) + (columnMajor ? transposed(place, g.spatial) : place)
      }
      outputs.append(try node.result(indices, shape: g.output, type: .int64))
    }
    return outputs
  }

  /// A row-major index into an image as the column-major index of the same element.
  private static func transposed(_ index: Int64, _ sizes: [Int]) -> Int64 {
    guard index >= 0 else { return index }
    var (rest, coordinates) = (Int(index), [Int]())
    for size in sizes.reversed() {
      coordinates.append(rest % size)
      rest /= size
    }
    return Int64(zip(coordinates, sizes.reversed()).reduce(0) { $0 * $1.1 + $1.0 })
  }
}

/// The mean of each window.
///
/// Padding counts as zeros if `count_include_pad` says so; what `ceil_mode` lets a window reach beyond the padding never counts.
enum AveragePoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let g = try PoolGeometry(node)
    var sums = try WindowSum.of(try node.values(0, as: real), g, node) { $0 }
    let counts = Self.counts(g, withPadding: try node.context.bool("count_include_pad", default: false))
    let size = g.outputSize
    for i in sums.indices { sums[i] = counts[i % size] == 0 ? 0 : sums[i] / R(counts[i % size]) }
    return [try node.result(sums, shape: g.output, type: try node.tensor(0).dataType)]
  }

  /// For each position of the window the number of its taps inside the image, or inside the image with its padding.
  private static func counts(_ g: PoolGeometry, withPadding: Bool) -> [Int] {
    g.spatial.indices.reduce([1]) { counts, axis in
      let along = countsAlong(axis, g, withPadding: withPadding)
      return counts.flatMap { count in along.map { count.multipliedSaturated(by: $0) } }
    }
  }

  /// The same along one axis: what comes before the end, less what comes before the beginning.
  private static func countsAlong(_ axis: Int, _ g: PoolGeometry, withPadding: Bool) -> [Int] {
    let (window, size) = (g.window, g.spatial[axis])
    let (pad, dilation) = (window.padsBegin[axis], window.dilations[axis])
    return (0..<window.output[axis]).map { position in
      let begin = position * window.strides[axis] - pad
      func taps(before place: Int) -> Int {
        max(0, min(window.kernel[axis], (place - begin + dilation - 1) / dilation))
      }
      return withPadding ? taps(before: size + window.padsEnd[axis]) : max(0, taps(before: size) - taps(before: 0))
    }
  }
}

/// The Lp norm of each window.
enum LpPoolReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let g = try PoolGeometry(node)
    let p = R(try node.context.int("p", default: 2))
    var sums = try WindowSum.of(try node.values(0, as: real), g, node) { p == 2 ? $0 * $0 : $0.magnitude.power(p) }
    for i in sums.indices { sums[i] = p == 2 ? sums[i].squareRoot() : sums[i].power(1 / p) }
    return [try node.result(sums, shape: g.output, type: try node.tensor(0).dataType)]
  }
}

/// Sums over windows.
enum WindowSum {
  /// The sum of a function of the elements of each window.
  @inline(__always)
  static func of<R: RealElement>(
    _ image: [R], _ g: PoolGeometry, _ node: Evaluation, _ function: (R) -> R
  ) throws(GraphError) -> [R] {
    let taps = SlidingTap.reading(g.window, over: g.spatial)
    let (inputSize, outputSize) = (g.inputSize, g.outputSize)
    var result = try node.filled(R.zero, shape: g.output)
    let x = image.span
    var sums = result.mutableSpan
    for plane in 0..<g.planes {
      for tap in taps {
        for run in tap.runs {
          let (o, i) = (plane * outputSize + run.output, plane * inputSize + run.input)
          for p in 0..<run.count { sums[o &+ p] += function(x[i &+ p &* tap.step]) }
        }
      }
    }
    return result
  }
}
