/// Sizes of a resized tensor and how its coordinates map to those of the input.
package struct ResizeGeometry: Equatable, Sendable {
  /// The size of each axis of the result.
  package var sizes: [Int]
  /// Result elements for each input element, along each axis.
  package var scales: [Double]
  /// Where the region that is resized starts on each axis, as a fraction of the input.
  package var regionStarts: [Double]
  /// Where it ends.
  package var regionEnds: [Double]
}

extension NodeContext {
  /// Where `Resize` and `Upsample` of this version have their inputs; nil where the version has no such input.
  package var resizeInputs: (region: Int?, scales: Int?, sizes: Int?) {
    if node.op.name == "Upsample" { return (nil, version < 9 ? nil : 1, nil) }
    return version < 11 ? (nil, 1, nil) : (1, 2, 3)
  }

  /// The axes that scales and sizes are about.
  package func resizeAxes(rank: Int) throws(GraphError) -> [Int] {
    guard let axes = try ints("axes") else { return Array(0..<rank) }
    return try normalized(axes, rank: rank)
  }

  /// The geometry from the scales or the sizes, whichever is given and not empty.
  package func resizeGeometry(
    input: [Int], scales: [Float]?, sizes: [Int]?, region: [Float]?
  ) throws(GraphError) -> ResizeGeometry {
    let axes = try resizeAxes(rank: input.count)
    var result = ResizeGeometry(
      sizes: input, scales: Array(repeating: 1, count: input.count),
      regionStarts: Array(repeating: 0, count: input.count), regionEnds: Array(repeating: 1, count: input.count))
    if let sizes, !sizes.isEmpty {
      try expectOnePerAxis(sizes.count, axes, resizeInputs.sizes)
      guard sizes.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
        throw .invalidValue(node: name, input: "sizes", expected: "sizes of 0 and more", found: "\(sizes)")
      }
      try fit(sizes, axes, input, &result)
    } else if let scales, !scales.isEmpty {
      try expectOnePerAxis(scales.count, axes, resizeInputs.scales)
      for (axis, scale) in zip(axes, scales) {
        let size = (Float(input[axis]) * scale).rounded(.down)
        guard scale > 0, size < Float(Int32.max) else {
          throw .invalidValue(node: name, input: "scales", expected: "positive scales", found: "\(scales)")
        }
        result.sizes[axis] = Int(size)
        result.scales[axis] = Double(scale)
      }
    } else {
      throw .missingInput(node: name, input: "scales")
    }
    if let region, !region.isEmpty {
      try expectOnePerAxis(region.count / 2, axes, resizeInputs.region)
      for (index, axis) in axes.enumerated() {
        result.regionStarts[axis] = Double(region[index])
        result.regionEnds[axis] = Double(region[index + axes.count])
      }
    }
    return result
  }

  private func expectOnePerAxis(_ count: Int, _ axes: [Int], _ input: Int?) throws(GraphError) {
    guard count == axes.count else {
      throw .shapeMismatch(
        node: name, input: input.map(String.init) ?? "scales", expected: "one number for each of \(axes.count) axes",
        found: "\(count)")
    }
  }

  private func fit(
    _ sizes: [Int], _ axes: [Int], _ input: [Int], _ result: inout ResizeGeometry
  ) throws(GraphError) {
    let scales = zip(axes, sizes).map { axis, size in input[axis] == 0 ? 1 : Double(size) / Double(input[axis]) }
    let policy = try string("keep_aspect_ratio_policy", default: "stretch")
    let common: Double? =
      switch policy {
      case "stretch": nil
      case "not_larger": scales.min()
      case "not_smaller": scales.max()
      default: throw invalid("keep_aspect_ratio_policy", expected: "stretch, not_larger or not_smaller", found: policy)
      }
    for (index, axis) in axes.enumerated() {
      result.scales[axis] = common ?? scales[index]
      let size = common.map { ($0 * Double(input[axis]) + 0.5).rounded(.down) } ?? Double(sizes[index])
      guard size < Double(Int32.max) else {
        throw .invalidValue(node: name, input: "sizes", expected: "sizes below 2^31", found: "\(size)")
      }
      result.sizes[axis] = Int(size)
    }
  }
}
