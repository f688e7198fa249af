import Graph

/// Adds the columns of sliding blocks back into an image of any rank: the reverse of im2col.
enum Col2Im {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let (image, block) = (try node.context.integers(1) ?? [], try node.context.integers(2) ?? [])
    let rank = image.count
    let dilations = try node.context.ints("dilations") ?? [Int](repeating: 1, count: rank)
    let strides = try node.context.ints("strides") ?? [Int](repeating: 1, count: rank)
    let pads = try node.context.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
    let shape = try node.outputShape()
    try node.checkedCount(shape, of: input.dataType)
    let limits = 1...(1 << 31)
    guard block.count == rank, dilations.count == rank, strides.count == rank, pads.count == 2 * rank,
      (block + dilations + strides).allSatisfy(limits.contains), pads.allSatisfy((0...(1 << 31)).contains)
    else { throw .invalidGraph(node: node.context.name, what: "blocks, strides, dilations and pads do not fit") }
    var columns: [Int] = []
    for axis in 0..<rank {
      let room = image[axis] + pads[axis] + pads[axis + rank] - (dilations[axis] * (block[axis] - 1) + 1)
      columns.append(room < 0 ? 0 : room / strides[axis] + 1)
    }
    guard Shape(columns).count == input.shape[2], Shape(block).count != nil else {
      throw .shapeMismatch(
        node: node.context.name, input: "0", expected: "\(Shape(columns)) blocks", found: "\(input)")
    }
    let wide = input.widened()
    let visitor = Visitor(
      input: wide, shape: shape, image: image, block: block, columns: columns, dilations: dilations,
      strides: strides, pads: pads)
    return [.tensor(try wide.dataType.visit(visitor, in: node).narrowed(to: input.dataType))]
  }

  private struct Visitor: NumericVisitor {
    let input: Tensor
    let shape: [Int]
    let image: [Int]
    let block: [Int]
    let columns: [Int]
    let dilations: [Int]
    let strides: [Int]
    let pads: [Int]

    func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
      let places = places()
      let planeSize = image.reduce(1, *)
      return try input.borrow(element) { source throws(GraphError) in
        Tensor(shape: shape, of: element) { target in
          var index = 0
          for plane in 0..<(shape[0] * shape[1]) {
            for place in places {
              if place >= 0 {
                target[plane * planeSize + place] = target[plane * planeSize + place].plus(source[index])
              }
              index += 1
            }
          }
        }
      }
    }

    /// Where each element of a plane's blocks lies in the image; -1 for those in the padding.
    private func places() -> [Int] {
      let imageStrides = StridedWalk.rowMajorStrides(image)
      var result: [Int] = []
      let count = columns.reduce(1, *)
      for tap in 0..<block.reduce(1, *) {
        let tapIndex = Self.index(tap, block)
        for column in 0..<count {
          let columnIndex = Self.index(column, columns)
          var place = 0
          for axis in image.indices {
            let at = columnIndex[axis] * strides[axis] - pads[axis] + tapIndex[axis] * dilations[axis]
            guard (0..<image[axis]).contains(at), place >= 0 else {
              place = -1
              continue
            }
            place += at * imageStrides[axis]
          }
          result.append(place)
        }
      }
      return result
    }

    private static func index(_ position: Int, _ sizes: [Int]) -> [Int] {
      var (rest, index) = (position, [Int](repeating: 0, count: sizes.count))
      for axis in sizes.indices.reversed() {
        index[axis] = rest % sizes[axis]
        rest /= sizes[axis]
      }
      return index
    }
  }
}
