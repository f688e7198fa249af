extension OperatorSchema {
  /// Resampling of images, and boxes on them.
  static let image: [OperatorSchema] = [
    OperatorSchema(
      "Resize", versions: [10, 11, 13, 18, 19], inputs: 1...4,
      attributes: [
        "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
        "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode",
      ]
    ) { node throws(GraphError) in [.tensor(try node.dataType(0, in: pixels), try node.resizedShape())] },
    OperatorSchema("Upsample", versions: [7, 9, 10], inputs: 1...2, attributes: ["mode", "scales"]) {
      node throws(GraphError) in [.tensor(try node.dataType(0, in: pixels), try node.resizedShape())]
    },
    OperatorSchema(
      "GridSample", versions: [16, 20, 22], inputs: 2...2, attributes: ["align_corners", "mode", "padding_mode"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: pixels)
      _ = try node.dataType(1, in: .floats)
      guard let x = try node.shape(0), let grid = try node.shape(1, rank: x.rank) else { return [.tensor(type, nil)] }
      guard x.rank >= 3 else {
        throw .shapeMismatch(node: node.name, input: "0", expected: "of rank 3 or more", found: "\(x)")
      }
      let free = Array(repeating: Dimension.unknown, count: x.rank - 2)
      try node.expect(1, grid, Shape([x[0]] + free + [.known(x.rank - 2)]))
      return [.tensor(type, Shape([x[0], x[1]] + grid.dimensions[1..<(x.rank - 1)]))]
    },
    OperatorSchema("AffineGrid", versions: [20], inputs: 2...2, attributes: ["align_corners"]) {
      node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(.int64, of: [1])
      guard let size = try node.dimensions(1) else { return [.tensor(type, nil)] }
      guard size.count == 4 || size.count == 5 else {
        throw .shapeMismatch(node: node.name, input: "1", expected: "4 or 5 sizes", found: "\(size.count)")
      }
      let axes = size.count - 2
      try node.expect(0, try node.shape(0, rank: 3), [size[0], .known(axes), .known(axes + 1)])
      return [.tensor(type, Shape([size[0]] + size[2...] + [.known(axes)]))]
    },
    OperatorSchema("NonMaxSuppression", versions: [10, 11], inputs: 2...5, attributes: ["center_point_box"]) {
      node throws(GraphError) in
      try node.expectType(.float32, of: [0, 1, 3, 4])
      try node.expectType(.int64, of: [2])
      let boxes = try node.shape(0, rank: 3), scores = try node.shape(1, rank: 3)
      try node.expect(0, boxes, [scores?[0] ?? .unknown, scores?[2] ?? .unknown, 4])
      return [.tensor(.int64, [.unknown, 3])]
    },
  ]

  private static let pixels: Set<DataType> = Set<DataType>.numbers.union([.bool])
}

extension NodeContext {
  fileprivate func resizedShape() throws(GraphError) -> Shape? {
    guard let x = try shape(0) else { return nil }
    let inputs = resizeInputs
    var scales: [Float]? = inputs.scales == nil ? try floats("scales") : nil
    if let index = inputs.scales, let tensor = constant(index) { scales = tensor.elements(Float.self) }
    let sizes = try inputs.sizes.flatMap { index throws(GraphError) in
      hasInput(index) ? try dimensions(index) : nil
    }
    let axes = try resizeAxes(rank: x.rank)
    if let known = x.sizes, sizes?.allSatisfy({ $0.size != nil }) ?? true,
      sizes?.isEmpty == false || scales?.isEmpty == false
    {
      return Shape(
        try resizeGeometry(input: known, scales: scales, sizes: sizes?.compactMap(\.size), region: nil).sizes)
    }
    var result = x
    for (index, axis) in axes.enumerated() {
      if let sizes, sizes.count == axes.count, try string("keep_aspect_ratio_policy", default: "stretch") == "stretch" {
        result[axis] = sizes[index]
      } else if let scales, scales.count == axes.count, sizes?.isEmpty ?? true {
        let resized = x[axis].size.map { (Float($0) * scales[index]).rounded(.down) }
        result[axis] =
          scales[index] == 1 ? x[axis] : resized.flatMap { Int(exactly: $0) }.map(Dimension.known) ?? .unknown
      } else {
        result[axis] = .unknown
      }
    }
    return result
  }
}
