extension OperatorSchema {
  /// Weighted sums over sliding windows.
  static let convolution: [OperatorSchema] = [
    OperatorSchema("Conv", versions: [1, 11, 22], inputs: 2...3, attributes: windowAttributes.union(["group"])) {
      node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      return [.tensor(type, try node.convolutionShape(weights: 1, bias: 2))]
    },
    OperatorSchema(
      "ConvTranspose", versions: [1, 11, 22], inputs: 2...3,
      attributes: windowAttributes.union(["group", "output_padding", "output_shape"])
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2])
      return [.tensor(type, try node.transposedConvolutionShape())]
    },
    OperatorSchema(
      "DeformConv", versions: [19, 22], inputs: 3...5,
      attributes: windowAttributes.union(["group", "offset_group"])
    ) { node throws(GraphError) in
      let type = try node.dataType(0, in: .floats)
      try node.expectType(type, of: [1, 2, 3, 4])
      return [.tensor(type, try node.deformableConvolutionShape())]
    },
    OperatorSchema("ConvInteger", versions: [10], inputs: 2...4, attributes: windowAttributes.union(["group"])) {
      node throws(GraphError) in
      try node.expectType(try node.dataType(0, in: .bytes), of: [2])
      try node.expectType(try node.dataType(1, in: .bytes), of: [3])
      return [.tensor(.int32, try node.convolutionShape(weights: 1, bias: nil))]
    },
    OperatorSchema("QLinearConv", versions: [10], inputs: 8...9, attributes: windowAttributes.union(["group"])) {
      node throws(GraphError) in
      try node.expectType(try node.dataType(0, in: .bytes), of: [2])
      try node.expectType(try node.dataType(3, in: .bytes), of: [5])
      try node.expectType(.float32, of: [1, 4, 6])
      try node.expectType(.int32, of: [8])
      return [.tensor(try node.dataType(7, in: .bytes), try node.convolutionShape(weights: 3, bias: 8))]
    },
  ]

  /// Attributes of every sliding window.
  static let windowAttributes: Set<String> = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"]
}

extension NodeContext {
  /// The shape of a convolution of input 0 [N, C, spatial…] with weights [M, C / group, kernel…].
  func convolutionShape(weights: Int, bias: Int?) throws(GraphError) -> Shape? {
    let group = try groups()
    guard let w = try shape(weights) else { return nil }
    guard let x = try shape(0, rank: w.rank) else { return nil }
    guard w.rank >= 3 else {
      throw .shapeMismatch(node: name, input: "\(weights)", expected: "of rank 3 or more", found: "\(w)")
    }
    if let channels = x[1].size, let perGroup = w[1].size, channels % group != 0 || channels / group != perGroup {
      throw .shapeMismatch(
        node: name, input: "0", expected: "channels in \(group) groups of \(perGroup)", found: "\(x)")
    }
    if let filters = w[0].size, filters % group != 0 {
      throw .shapeMismatch(
        node: name, input: "\(weights)", expected: "output channels in \(group) equal groups", found: "\(w)")
    }
    if let bias, hasInput(bias) { try expectVector(bias, size: w[0]) }
    guard let kernel = Shape(Array(w.dimensions[2...])).sizes else {
      return Shape([x[0], w[0]] + Array(repeating: .unknown, count: w.rank - 2))
    }
    let spatial = try slidingWindow(kernel: kernel).output(over: Array(x.dimensions[2...]), node: name)
    return Shape([x[0], w[0]] + spatial)
  }

  /// The shape of a transposed convolution of input 0 [N, C, spatial…] with weights [C, M / group, kernel…].
  fileprivate func transposedConvolutionShape() throws(GraphError) -> Shape? {
    let group = try groups()
    guard let w = try shape(1) else { return nil }
    guard let x = try shape(0, rank: w.rank) else { return nil }
    guard w.rank >= 3 else {
      throw .shapeMismatch(node: name, input: "1", expected: "of rank 3 or more", found: "\(w)")
    }
    if let channels = x[1].size, let rows = w[0].size, channels != rows || channels % group != 0 {
      throw .shapeMismatch(
        node: name, input: "1", expected: "\(channels) input channels in \(group) groups", found: "\(w)")
    }
    let filters = w[1].multiplied(by: .known(group))
    if hasInput(2) { try expectVector(2, size: filters) }
    guard let kernel = Shape(Array(w.dimensions[2...])).sizes else {
      return Shape([x[0], filters] + Array(repeating: .unknown, count: w.rank - 2))
    }
    let spatial = try transposedWindow(kernel: kernel).output(over: Array(x.dimensions[2...]), node: name)
    return Shape([x[0], filters] + spatial)
  }

  /// The shape of a deformable convolution; offsets are [N, offset groups * kernel taps * spatial axes, output…].
  fileprivate func deformableConvolutionShape() throws(GraphError) -> Shape? {
    guard let result = try convolutionShape(weights: 1, bias: 3) else { return nil }
    let spatialRank = result.rank - 2
    guard spatialRank == 2 else {
      throw .unsupported(node: name, operator: node.op, reason: "only 2 spatial dimensions are built in")
    }
    guard let taps = try shape(1).flatMap({ Shape(Array($0.dimensions[2...])).count }) else { return result }
    let groups = try int("offset_group", default: 1)
    guard groups > 0, let channels = try shape(0)?[1], channels.size.map({ $0 % groups == 0 }) ?? true else {
      throw .invalidAttribute(
        node: name, attribute: "offset_group", expected: "a divisor of the input's channels", found: "\(groups)")
    }
    for (index, perTap) in [(2, spatialRank), (4, 1)] where hasInput(index) {
      guard let found = try shape(index, rank: result.rank) else { continue }
      let expected = Shape(
        [result[0], Dimension.known(groups).multiplied(by: .known(taps)).multiplied(by: .known(perTap))]
          + result.dimensions[2...])
      for (e, f) in zip(expected.dimensions, found.dimensions) {
        if let e = e.size, let f = f.size, e != f {
          throw .shapeMismatch(node: name, input: "\(index)", expected: "\(expected)", found: "\(found)")
        }
      }
    }
    return result
  }

  /// The attribute `group`: a positive number, 1 if absent.
  package func groups() throws(GraphError) -> Int {
    let group = try int("group", default: 1)
    guard (1...Int(Int32.max)).contains(group) else {
      throw .invalidAttribute(node: name, attribute: "group", expected: "a positive number", found: "\(group)")
    }
    return group
  }

  /// Checks that an input, if given, is a vector of this size.
  func expectVector(_ index: Int, size: Dimension) throws(GraphError) {
    guard hasInput(index), let found = try shape(index, rank: 1) else { return }
    if let expected = size.size, let actual = found[0].size, expected != actual {
      throw .shapeMismatch(node: name, input: "\(index)", expected: "\(expected)", found: "\(found)")
    }
  }
}
