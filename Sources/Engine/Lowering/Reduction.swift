import Foundation
import Graph

extension Lowering {
  /// Functions of all elements along axes.
  static let reduction: [Lowering] = [
    reduce("ReduceL1", AbsoluteSum()).lowered(by: ReductionKernel.lower(.l1, axesInputSince: 18)),
    reduce("ReduceL2", EuclideanNorm()).lowered(by: ReductionKernel.lower(.l2, axesInputSince: 18)),
    reduce("ReduceLogSum", LogarithmOfSum()),
    reduce("ReduceLogSumExp", LogarithmOfExponentials()),
    reduce("ReduceMax", Greatest()).lowered(by: ReductionKernel.lower(.maximum, axesInputSince: 18)),
    reduce("ReduceMean", Average()).lowered(by: ReductionKernel.lower(.mean, axesInputSince: 18)),
    reduce("ReduceMin", Least()).lowered(by: ReductionKernel.lower(.minimum, axesInputSince: 18)),
    reduce("ReduceProd", ProductOfAll()).lowered(by: ReductionKernel.lower(.product, axesInputSince: 18)),
    reduce("ReduceSum", SumOfAll(), axesInputSince: 13).lowered(by: ReductionKernel.lower(.sum, axesInputSince: 13)),
    reduce("ReduceSumSquare", SumOfSquares()).lowered(by: ReductionKernel.lower(.sumOfSquares, axesInputSince: 18)),
    Lowering("ArgMax") { node throws(GraphError) in try argument(node, isGreatest: true) },
    Lowering("ArgMin") { node throws(GraphError) in try argument(node, isGreatest: false) },
    Lowering("TopK", evaluate: TopK.evaluate),
  ]

  private static func reduce(
    _ name: String, _ reduction: some RowReduction, axesInputSince version: Int = 18
  ) -> Lowering {
    Lowering(name) { node throws(GraphError) in
      let input = try node.tensor(0)
      let axes = try node.context.reducedAxes(rank: input.shape.count, axesInputSince: version) ?? []
      let keepsDimensions = try node.context.bool("keepdims", default: true)
      let shape = Shape(input.shape).reduced(axes, keepsDimensions: keepsDimensions).sizes ?? []
      let count = try node.checkedCount(shape, of: input.dataType)
      let comparable = (input.dataType == .bool ? input.converted(to: .uint8) : nil) ?? input.widened()
      let rows = try comparable.withTrailing(axes)
      let rowLength = axes.reduce(1) { $0 * input.shape[$1] }
      let visitor = RowReducer(rows: rows, count: count, rowLength: rowLength, reduction: reduction)
      let result = try rows.dataType.visit(visitor, in: node).reshaped(shape)
      return [.tensor(result.narrowed(to: input.dataType))]
    }
  }

  private static func argument(_ node: Evaluation, isGreatest: Bool) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let axis = try node.context.axis(try node.context.int("axis", default: 0), rank: input.shape.count)
    let rows = try input.widened().withTrailing([axis])
    let search = ExtremeSearch(
      rows: rows, rowLength: input.shape[axis], isGreatest: isGreatest,
      isLast: try node.context.bool("select_last_index", default: false))
    return [.tensor(try rows.dataType.visit(search, in: node).reshaped(try node.outputShape()))]
  }
}

extension Tensor {
  /// The same elements with these axes behind all others, in their order.
  package func withTrailing(_ axes: [Int]) throws(GraphError) -> Tensor {
    let sorted = axes.sorted()
    guard sorted != Array((shape.count - axes.count)..<shape.count) else { return self }
    let order = shape.indices.filter { !sorted.contains($0) } + sorted
    let strides = StridedWalk.rowMajorStrides(shape)
    return try copied(StridedView(shape: order.map { shape[$0] }, strides: order.map { strides[$0] }))
  }
}

/// A number of all numbers of a row.
protocol RowReduction: Sendable {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E
}

private struct RowReducer<Reduction: RowReduction>: NumericVisitor {
  let rows: Tensor
  let count: Int
  let rowLength: Int
  let reduction: Reduction

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    try rows.borrow(element) { x throws(GraphError) in
      Tensor(shape: [count], of: element) { output in
        for row in 0..<count { output[row] = reduction(x, row * rowLength..<(row + 1) * rowLength) }
      }
    }
  }
}

private struct SumOfAll: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    var sum = E.zero
    for i in row { sum = sum.plus(x[i]) }
    return sum
  }
}

private struct Average: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    if E.self == Float.self || E.self == Double.self {
      return SumOfAll()(x, row).over(E(numeric: Int64(row.count)))
    }
    // Sums of narrow whole numbers do not fit their type.
    var sum: Int64 = 0
    for i in row { sum &+= x[i].int64 }
    return E(numeric: sum.over(Int64(row.count)))
  }
}

private struct ProductOfAll: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    var product = E.one
    for i in row { product = product.times(x[i]) }
    return product
  }
}

private struct SumOfSquares: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    var sum = E.zero
    for i in row { sum = sum.plus(x[i].times(x[i])) }
    return sum
  }
}

private struct AbsoluteSum: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    var sum = E.zero
    for i in row { sum = sum.plus(x[i] < .zero ? E.zero.minus(x[i]) : x[i]) }
    return sum
  }
}

private struct EuclideanNorm: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    E(numeric: SumOfSquares()(x, row).double.squareRoot())
  }
}

private struct LogarithmOfSum: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    E(numeric: Foundation.log(SumOfAll()(x, row).double))
  }
}

private struct LogarithmOfExponentials: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    let greatest = Greatest()(x, row).double
    guard greatest.isFinite else { return E(numeric: greatest) }
    var sum = 0.0
    for i in row { sum += Foundation.exp(x[i].double - greatest) }
    return E(numeric: greatest + Foundation.log(sum))
  }
}

private struct Greatest: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    var result = E.lowest
    for i in row { result = Maximum()(result, x[i]) }
    return result
  }
}

private struct Least: RowReduction {
  func callAsFunction<E: NumericElement>(_ x: Span<E>, _ row: Range<Int>) -> E {
    var result = E.highest
    for i in row { result = Minimum()(result, x[i]) }
    return result
  }
}

private struct ExtremeSearch: NumericVisitor {
  let rows: Tensor
  let rowLength: Int
  let isGreatest: Bool
  let isLast: Bool

  func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
    let count = rowLength == 0 ? 0 : rows.count / rowLength
    return try rows.borrow(element) { x throws(GraphError) in
      Tensor(shape: [count], of: Int64.self) { output in
        for row in 0..<count {
          var best = row * rowLength
          for i in row * rowLength..<(row + 1) * rowLength {
            let better = isGreatest ? x[i] > x[best] : x[i] < x[best]
            let isNewNaN = x[i].isNotANumber && !x[best].isNotANumber
            if better || isNewNaN || (isLast && x[i] == x[best]) { best = i }
          }
          output[row] = Int64(best - row * rowLength)
        }
      }
    }
  }
}

/// The greatest or least elements along an axis, with their places.
enum TopK {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let rank = input.shape.count
    let axis = try node.context.axis(try node.context.int("axis", default: -1), rank: rank)
    let shape = try node.outputShape()
    let rows = try input.widened().withTrailing([axis])
    let visitor = Visitor(
      rows: rows, rowLength: input.shape[axis], k: shape[axis],
      isLargest: try node.context.bool("largest", default: true))
    let places = try rows.dataType.visit(visitor, in: node)
    // Back to where the axis was.
    let trailing = shape.indices.filter { $0 != axis }.map { shape[$0] } + [shape[axis]]
    var order = Array(0..<(rank - 1))
    order.insert(rank - 1, at: axis)
    let strides = StridedWalk.rowMajorStrides(trailing)
    let view = StridedView(shape: shape, strides: order.map { strides[$0] })
    let indices = try places.reshaped(trailing).copied(view)
    let offsets = try node.elementOffsets(of: indices, in: input.shape, axis: axis, input: 1)
    return [.tensor(try input.gathered(offsets, block: 1, shape: shape)), .tensor(indices)]
  }

  private struct Visitor: NumericVisitor {
    let rows: Tensor
    let rowLength: Int
    let k: Int
    let isLargest: Bool

    func visit<Element: NumericElement>(_ element: Element.Type) throws(GraphError) -> Tensor {
      let count = rowLength == 0 ? 0 : rows.count / rowLength
      return try rows.borrow(element) { x throws(GraphError) in
        Tensor(shape: [count * k], of: Int64.self) { output in
          for row in 0..<count {
            let values = (0..<rowLength).map { x[row * rowLength + $0] }
            // Equal elements by their places; a NaN counts as greater than all numbers.
            let order = values.indices.sorted { i, j in
              let (a, b) = (values[i], values[j])
              if a.isNotANumber || b.isNotANumber {
                return a.isNotANumber == b.isNotANumber ? i < j : a.isNotANumber == isLargest
              }
              return a == b ? i < j : (a > b) == isLargest
            }
            for place in 0..<k { output[row * k + place] = Int64(order[place]) }
          }
        }
      }
    }
  }
}
