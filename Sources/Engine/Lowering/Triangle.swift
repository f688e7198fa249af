import Graph

/// Keeps the upper or lower triangle of matrices.
enum Triangle {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let diagonal = try node.optionalTensor(1)?.integers?.first ?? 0
    let movement = Movement(input: input, diagonal: diagonal, isUpper: try node.context.bool("upper", default: true))
    return [.tensor(try input.dataType.visit(moving: movement))]
  }

  private struct Movement: MovementVisitor {
    let input: Tensor
    let diagonal: Int
    let isUpper: Bool

    func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
      let (rows, columns) = (input.shape[input.shape.count - 2], input.shape[input.shape.count - 1])
      return try Pattern.borrow(input) { source throws(GraphError) in
        try Pattern.make(input.dataType, input.shape) { target throws(GraphError) in
          for index in target.indices {
            let (row, column) = (index / columns % rows, index % columns)
            // column >= row + diagonal, without overflow for any diagonal
            let isAbove = diagonal <= column - row
            let isBelow = diagonal >= column - row
            if isUpper ? isAbove : isBelow { target[index] = source[index] }
          }
        }
      }
    }
  }
}
