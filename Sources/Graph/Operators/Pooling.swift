extension OperatorSchema {
  /// Summaries of sliding windows, of regions and of whole images.
  static let pooling: [OperatorSchema] = [
    OperatorSchema(
      "MaxPool", versions: [1, 8, 10, 11, 12, 22], inputs: 1...1, outputs: 1...2,
      attributes: windowAttributes.union(["ceil_mode", "storage_order"])
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: Set<DataType>.floats.union(Set<DataType>.bytes))
      let shape = try node.pooledShape()
      return [.tensor(type, shape), .tensor(.int64, shape)]
    },
    OperatorSchema(
      "AveragePool", versions: [1, 7, 10, 11, 19, 22], inputs: 1...1,
      attributes: windowAttributes.union(["ceil_mode", "count_include_pad"])
    ) { node throws(GraphError) in
      [.tensor(try node.dataType(0, in: .floats), try node.pooledShape())]
    },
    OperatorSchema(
      "LpPool", versions: [2, 11, 18, 22], inputs: 1...1, attributes: windowAttributes.union(["ceil_mode", "p"])
    ) { node throws(GraphError) in
      try node.expectNorm()
      return [.tensor(try node.dataType(0, in: .floats), try node.pooledShape())]
    },
    globalPool("GlobalAveragePool", versions: [1, 22]),
    globalPool("GlobalMaxPool", versions: [1, 22]),
    globalPool("GlobalLpPool", versions: [2, 22], attributes: ["p"]),
    OperatorSchema(
      "MaxUnpool", versions: [9, 11, 22], inputs: 2...3, attributes: ["kernel_shape", "pads", "strides"]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(.int64, of: [1, 2])
      return [.tensor(type, try node.unpooledShape())]
    },
    OperatorSchema("MaxRoiPool", versions: [1, 22], inputs: 2...2, attributes: ["pooled_shape", "spatial_scale"]) {
      node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1])
      guard let sizes = try node.ints("pooled_shape"), sizes.count == 2, sizes.allSatisfy({ $0 > 0 }) else {
        throw node.invalid("pooled_shape", expected: "two positive sizes", found: "others")
      }
      return [.tensor(type, try node.regionShape(height: sizes[0], width: sizes[1], coordinates: 5))]
    },
    OperatorSchema(
      "RoiAlign", versions: [10, 16, 22], inputs: 3...3,
      attributes: [
        "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale",
      ]
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1])
      try node.expectType(.int64, of: [2])
      let (height, width) = (try node.int("output_height", default: 1), try node.int("output_width", default: 1))
      guard height > 0, width > 0 else {
        throw node.invalid("output_height", expected: "positive sizes", found: "\(height)x\(width)")
      }
      return [.tensor(type, try node.regionShape(height: height, width: width, coordinates: 4))]
    },
  ]

  private static func globalPool(_ name: String, versions: [Int], attributes: Set<String> = []) -> OperatorSchema {
    OperatorSchema(name, versions: versions, inputs: 1...1, attributes: attributes) { node throws(GraphError) in
      if attributes.contains("p") { try node.expectNorm() }
      let type = try node.dataType(0, in: .floats)
      guard let x = try node.shape(0) else { return [.tensor(type, nil)] }
      try node.expectImage(x)
      return [.tensor(type, Shape(x.dimensions[..<2] + Array(repeating: 1, count: x.rank - 2)))]
    }
  }
}

extension NodeContext {
  /// Checks that there is a norm of order `p`.
  fileprivate func expectNorm() throws(GraphError) {
    let p = try int("p", default: 2)
    guard p >= 1 else { throw invalid("p", expected: "1 or more", found: p) }
  }

  /// Checks that a shape has the axes of an image: batch, channel and at least one more.
  fileprivate func expectImage(_ shape: Shape) throws(GraphError) {
    guard shape.rank >= 3 else {
      throw .shapeMismatch(node: name, input: "0", expected: "of rank 3 or more", found: "\(shape)")
    }
  }

  /// The shape of a pooled image.
  fileprivate func pooledShape() throws(GraphError) -> Shape? {
    let x = try shape(0)
    if let x { try expectImage(x) }
    let window = try slidingWindow(spatialRank: x.map { $0.rank - 2 })
    guard let x else { return nil }
    return Shape(x.dimensions[..<2] + (try window.output(over: Array(x.dimensions[2...]), node: name)))
  }

  /// The smallest image whose pooling gives input 0, or what input 2 demands.
  fileprivate func unpooledShape() throws(GraphError) -> Shape? {
    let window = try slidingWindow()
    if hasInput(2), let sizes = try dimensions(2) {
      guard sizes.count == window.kernel.count + 2 else {
        throw .shapeMismatch(node: name, input: "2", expected: "\(window.kernel.count + 2)", found: "\(sizes.count)")
      }
      return Shape(sizes)
    }
    guard !hasInput(2), let x = try shape(0, rank: window.kernel.count + 2) else { return nil }
    return Shape(
      x.dimensions[..<2]
        + window.kernel.indices.map { axis in
          x[2 + axis].size.map { .known(window.unpooledSize(axis, size: $0)) } ?? .unknown
        })
  }

  /// The shape of regions cut from images: [regions, channels, height, width].
  fileprivate func regionShape(height: Int, width: Int, coordinates: Int) throws(GraphError) -> Shape? {
    let (x, rois) = (try shape(0, rank: 4), try shape(1, rank: 2))
    if let found = rois?[1].size, found != coordinates {
      throw .shapeMismatch(node: name, input: "1", expected: "Rx\(coordinates)", found: "Rx\(found)")
    }
    return Shape([rois?[0] ?? .unknown, x?[1] ?? .unknown, .known(height), .known(width)])
  }
}

extension SlidingWindowAttributes {
  /// The smallest size of which pooling gives `size` positions; `Int.max` if it is larger than any tensor's.
  package func unpooledSize(_ axis: Int, size: Int) -> Int {
    guard size < Int(Int32.max) else { return .max }
    guard case .explicit(let begin, let end) = padding else { return size * strides[axis] }
    return max(0, (size - 1) * strides[axis] + kernel[axis] - begin[axis] - end[axis])
  }
}
