import Graph

/// Where each element of a resized axis comes from.
struct ResizeAxis {
  /// Elements of the input.
  let input: Int
  /// Elements of the result.
  let output: Int
  /// Result elements for each input element.
  let scale: Double
  /// The region that is resized, as fractions of the input.
  let region: (start: Double, end: Double)

  /// The input coordinate of an element of the result.
  ///
  /// ONNX, "Resize": `coordinate_transformation_mode`.
  func source(of index: Int, mode: ResizeMode.Coordinates) -> Double {
    let x = Double(index)
    let length = scale * Double(input)
    switch mode {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return length == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      return Double(input) / 2 * (1 - Double(output) / length) + (x + 0.5) / scale - 0.5
    case .asymmetric: return x / scale
    case .tfHalfPixelForNearest: return (x + 0.5) / scale
    case .alignCorners: return length == 1 ? 0 : x * Double(input - 1) / (length - 1)
    case .cropAndResize:
      let extent = (region.end - region.start) * Double(input - 1)
      let start = region.start * Double(input - 1)
      return length == 1 ? start + extent / 2 : start + x * extent / (length - 1)
    }
  }
}

/// How `Resize` and `Upsample` interpolate.
struct ResizeMode {
  /// Between which coordinates the scale maps.
  enum Coordinates: String {
    case halfPixel = "half_pixel"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case asymmetric
    case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
    case alignCorners = "align_corners"
    case cropAndResize = "tf_crop_and_resize"
  }

  /// Which neighbours count.
  enum Interpolation: String {
    case nearest
    case linear
    case cubic
  }

  /// Which neighbour is nearest.
  enum Rounding: String {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor
    case ceil
  }

  let coordinates: Coordinates
  let interpolation: Interpolation
  let rounding: Rounding
  let cubicCoefficient: Double
  let excludesOutside: Bool
  let antialias: Bool
  let extrapolation: Double

  /// Reads the attributes of a node.
  init(_ context: NodeContext) throws(GraphError) {
    let old = context.node.op.name == "Upsample" || context.version < 11
    let mode = try context.string("mode", default: "nearest")
    let coordinates = try context.string("coordinate_transformation_mode", default: old ? "asymmetric" : "half_pixel")
    let rounding = try context.string("nearest_mode", default: old ? "floor" : "round_prefer_floor")
    guard
      let interpolation = Interpolation(rawValue: mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode)
    else { throw Self.unknown(context, "mode", mode) }
    guard let transformation = Coordinates(rawValue: coordinates) else {
      throw Self.unknown(context, "coordinate_transformation_mode", coordinates)
    }
    guard let nearest = Rounding(rawValue: rounding) else { throw Self.unknown(context, "nearest_mode", rounding) }
    self.interpolation = interpolation
    self.coordinates = transformation
    self.rounding = nearest
    cubicCoefficient = Double(try context.float("cubic_coeff_a", default: -0.75))
    excludesOutside = try context.bool("exclude_outside", default: false)
    antialias = try context.bool("antialias", default: false)
    extrapolation = Double(try context.float("extrapolation_value", default: 0))
  }

  private static func unknown(_ context: NodeContext, _ attribute: String, _ found: String) -> GraphError {
    .unsupported(node: context.name, operator: context.node.op, reason: "\(attribute) '\(found)'")
  }

  /// The neighbours of a coordinate with their weights, which sum to 1.
  func neighbours(of x: Double, in axis: ResizeAxis) -> (first: Int, weights: [Double]) {
    let floor = x.rounded(.down)
    let ratio = x - floor
    switch interpolation {
    case .nearest:
      let up =
        switch rounding {
        case .preferFloor: ratio > 0.5
        case .preferCeil: ratio >= 0.5
        case .floor: false
        case .ceil: ratio > 0
        }
      return (Int(floor) + (up ? 1 : 0), [1])
    case .linear:
      guard antialias else { return normalized(Int(floor), [1 - ratio, ratio], axis) }
      return filtered(x, axis, radius: 1) { 1 - $0 }
    case .cubic:
      let a = cubicCoefficient
      func kernel(_ t: Double) -> Double {
        t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
      }
      guard antialias else {
        return normalized(
          Int(floor) - 1, [kernel(1 + ratio), kernel(ratio), kernel(1 - ratio), kernel(2 - ratio)], axis)
      }
      return filtered(x, axis, radius: 2, kernel)
    }
  }

  /// Neighbours under a kernel as wide as the axis shrinks.
  private func filtered(
    _ x: Double, _ axis: ResizeAxis, radius: Double, _ kernel: (Double) -> Double
  ) -> (first: Int, weights: [Double]) {
    let scale = min(axis.scale, 1)
    let first = Int((x - radius / scale).rounded(.down)) + 1
    let last = max(first, Int((x + radius / scale).rounded(.up)) - 1)
    let weights = (first...last).map { index in
      let distance = abs(Double(index) - x) * scale
      return distance < radius ? kernel(distance) : 0
    }
    let sum = weights.reduce(0, +)
    return normalized(first, sum == 0 ? weights : weights.map { $0 / sum }, axis)
  }

  /// Leaves out neighbours beyond the input, if they shall not count.
  private func normalized(_ first: Int, _ weights: [Double], _ axis: ResizeAxis) -> (first: Int, weights: [Double]) {
    guard excludesOutside else { return (first, weights) }
    let inside = weights.indices.map { (0..<axis.input).contains(first + $0) ? weights[$0] : 0 }
    let sum = inside.reduce(0, +)
    return (first, sum == 0 ? inside : inside.map { $0 / sum })
  }
}
