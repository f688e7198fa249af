import Graph

/// Samples an image at given places, for any number of spatial axes.

///

/// ONNX, "GridSample".
enum GridSampleReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let shape = try node.tensor(0).shape, gridShape = try node.tensor(1).shape
    let image = try node.values(0, as: real), grid = try node.values(1, as: real)
    let sampler = try Sampler(node, sizes: Array(shape[2...]))
    let axes = shape.count - 2
    let points = gridShape[1..<(gridShape.count - 1)].reduce(1, *)
    let size = sampler.sizes.reduce(1, *)
    let output = Array(shape[..<2]) + gridShape[1..<(gridShape.count - 1)]
    var result = try node.filled(R.zero, shape: output)
    guard size > 0 || result.isEmpty else { throw node.badShape(0, expected: "an image with elements", found: shape) }
    for item in 0..<shape[0] {
      for point in 0..<points {
        // The grid gives the innermost axis first.
        let place = (0..<axes).map { grid[(item * points + point) * axes + axes - 1 - $0] }
        let taps = sampler.taps(at: place.map(\.double))
        for channel in 0..<shape[1] {
          let plane = (item * shape[1] + channel) * size
          var sum: R = 0
          for tap in taps { sum += R(tap.weight) * image[plane + tap.index] }
          result[(item * shape[1] + channel) * points + point] = sum
        }
      }
    }
    return [try node.result(result, shape: output, type: try node.tensor(0).dataType)]
  }

  /// Finds what elements of an image a place is made of.
  private struct Sampler {
    enum Mode { case nearest, linear, cubic }
    enum Padding { case zeros, border, reflection }

    let sizes: [Int]
    let mode: Mode
    let padding: Padding
    let alignCorners: Bool

    init(_ node: Evaluation, sizes: [Int]) throws(GraphError) {
      self.sizes = sizes
      alignCorners = try node.context.bool("align_corners", default: false)
      let mode = try node.context.string("mode", default: "linear")
      switch mode {
      case "nearest": self.mode = .nearest
      case "linear", "bilinear": self.mode = .linear
      case "cubic", "bicubic": self.mode = .cubic
      default:
        throw .invalidAttribute(
          node: node.context.name, attribute: "mode", expected: "nearest, linear or cubic", found: mode)
      }
      let padding = try node.context.string("padding_mode", default: "zeros")
      switch padding {
      case "zeros": self.padding = .zeros
      case "border": self.padding = .border
      case "reflection": self.padding = .reflection
      default:
        throw .invalidAttribute(
          node: node.context.name, attribute: "padding_mode", expected: "zeros, border or reflection", found: padding)
      }
    }

    /// Elements and their weights for a place with coordinates from -1 to 1, outermost axis first.
    func taps(at place: [Double]) -> [(index: Int, weight: Double)] {
      var taps: [(index: Int, weight: Double)] = [(0, 1)]
      for (axis, coordinate) in place.enumerated() {
        let along = self.taps(axis, coordinate)
        taps = taps.flatMap { tap in
          along.map { (index: tap.index * sizes[axis] + $0.index, weight: tap.weight * $0.weight) }
        }
      }
      return taps
    }

    private func taps(_ axis: Int, _ coordinate: Double) -> [(index: Int, weight: Double)] {
      let size = sizes[axis]
      let raw = alignCorners ? (coordinate + 1) / 2 * Double(size - 1) : ((coordinate + 1) * Double(size) - 1) / 2
      var x = raw.isFinite ? min(max(raw, -1e9), 1e9) : -1e9
      if mode == .nearest { x = x.rounded(.toNearestOrEven) }
      let (least, greatest) = alignCorners ? (0, Double(size - 1)) : (-0.5, Double(size) - 0.5)
      if x < least || x > greatest {
        switch padding {
        case .zeros: break
        case .border: x = min(max(x, 0), Double(size - 1))
        case .reflection: x = reflect(x, least, greatest)
        }
      }
      let floor = x.rounded(.down)
      let t = x - floor
      let first: Int
      let weights: [Double]
      switch mode {
      case .nearest: (first, weights) = (Int(x.rounded(.toNearestOrEven)), [1])
      case .linear: (first, weights) = (Int(floor), [1 - t, t])
      case .cubic:
        let a = -0.75
        func near(_ t: Double) -> Double { ((a + 2) * t - (a + 3)) * t * t + 1 }
        func far(_ t: Double) -> Double { ((a * t - 5 * a) * t + 8 * a) * t - 4 * a }
        (first, weights) = (Int(floor) - 1, [far(1 + t), near(t), near(1 - t), far(2 - t)])
      }
      return weights.enumerated().compactMap { offset, weight in
        inside(first + offset, size, least, greatest).map { (index: $0, weight: weight) }
      }
    }

    /// The element that stands for an index beyond the image; nil for zero.
    private func inside(_ index: Int, _ size: Int, _ least: Double, _ greatest: Double) -> Int? {
      if (0..<size).contains(index) { return index }
      switch padding {
      case .zeros: return nil
      case .border: return min(max(index, 0), size - 1)
      case .reflection: return min(max(Int(reflect(Double(index), least, greatest)), 0), size - 1)
      }
    }

    private func reflect(_ x: Double, _ least: Double, _ greatest: Double) -> Double {
      let range = greatest - least
      guard range > 0 else { return least < 0 ? 0 : least }
      let distance = x < least ? least - x : x > greatest ? x - greatest : 0
      if distance == 0 { return x }
      let turns = (distance / range).rounded(.down)
      let rest = distance - turns * range
      let even = turns.truncatingRemainder(dividingBy: 2) == 0
      return (x < least) == even ? least + rest : greatest - rest
    }
  }
}

/// The places that an affine map sends the points of a regular grid to.

///

/// ONNX, "AffineGrid".
enum AffineGridReference: RealReference {
  @_specialize(where R == Float)
  @_specialize(where R == Double)
  static func evaluate<R: RealElement>(_ node: Evaluation, as real: R.Type) throws(GraphError) -> [RuntimeValue] {
    let theta = try node.values(0, as: real)
    let size = try node.values(1, as: Int64.self).map { Int(clamping: $0) }
    guard size.count == 4 || size.count == 5 else {
      throw node.badShape(1, expected: "4 or 5 sizes", found: [size.count])
    }
    let spatial = Array(size[2...])
    let axes = spatial.count
    let alignCorners = try node.context.bool("align_corners", default: false)
    let shape = [size[0]] + spatial + [axes]
    var result = try node.filled(R.zero, shape: shape)
    guard !result.isEmpty, theta.count == size[0] * axes * (axes + 1) else {
      return [try node.result(result, shape: shape, type: try node.tensor(0).dataType)]
    }
    func coordinate(_ index: Int, _ size: Int) -> R {
      if alignCorners { return size == 1 ? -1 : -1 + 2 * R(index) / R(size - 1) }
      return -1 + (2 * R(index) + 1) / R(size)
    }
    var point = [Int](repeating: 0, count: axes)
    for item in 0..<size[0] {
      var target = item * spatial.reduce(1, *) * axes
      repeat {
        for row in 0..<axes {
          let first = (item * axes + row) * (axes + 1)
          var sum = theta[first + axes]
          for axis in 0..<axes {
            sum += theta[first + axis] * coordinate(point[axes - 1 - axis], spatial[axes - 1 - axis])
          }
          result[target + row] = sum
        }
        target += axes
      } while advance(&point, within: spatial)
    }
    return [try node.result(result, shape: shape, type: try node.tensor(0).dataType)]
  }
}
