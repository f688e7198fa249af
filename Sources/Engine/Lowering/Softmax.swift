import Graph

/// A function of all elements along an axis, which gives as many.
protocol AxisFunction: Sendable {
  /// Computes one line: elements `start`, `start + step`, …
  func line<R: RealElement>(
    _ x: Span<R>, _ y: inout MutableSpan<R>, start: Int, step: Int, count: Int)
}

/// e to the power of each element over the sum of those powers; or its logarithm.
struct Softmax: AxisFunction {
  let isLogarithmic: Bool

  @inline(__always)
  func line<R: RealElement>(_ x: Span<R>, _ y: inout MutableSpan<R>, start: Int, step: Int, count: Int) {
    var greatest = -R.infinity
    for i in 0..<count { greatest = max(greatest, x[start + i * step]) }
    var sum: R = 0
    for i in 0..<count {
      let e = (x[start + i * step] - greatest).exponential
      y[start + i * step] = e
      sum += e
    }
    if isLogarithmic {
      let shift = sum.logarithm
      // In this order nothing is lost to a greatest element that is far larger than the logarithm.
      for i in 0..<count { y[start + i * step] = (x[start + i * step] - greatest) - shift }
    } else {
      for i in 0..<count { y[start + i * step] /= sum }
    }
  }
}

/// 1 at the first of the greatest elements, else 0.
struct Hardmax: AxisFunction {
  @inline(__always)
  func line<R: RealElement>(_ x: Span<R>, _ y: inout MutableSpan<R>, start: Int, step: Int, count: Int) {
    guard count > 0 else { return }
    var best = 0
    for i in 1..<max(count, 1) where x[start + i * step] > x[start + best * step] { best = i }
    y[start + best * step] = 1
  }
}

extension Evaluation {
  /// Applies a function along the axis of `Softmax` and its kin; before version 13, along all dimensions from it on.
  func alongAxis(_ function: some AxisFunction) throws(GraphError) -> [RuntimeValue] {
    let input = try tensor(0)
    let shape = input.shape
    let axis = try context.softmaxAxis(rank: shape.count)
    let outer = shape[..<axis].reduce(1, *)
    let inner = version < 13 ? 1 : shape[min(axis + 1, shape.count)...].reduce(1, *)
    let wide = input.widened()
    let visitor = AxisMap(
      input: wide, outer: outer, count: outer * inner == 0 ? 0 : wide.count / outer / inner, inner: inner,
      function: function)
    return [.tensor(try wide.dataType.visit(real: visitor, in: self).narrowed(to: input.dataType))]
  }
}

private struct AxisMap<Function: AxisFunction>: RealVisitor {
  let input: Tensor
  let outer: Int
  let count: Int
  let inner: Int
  let function: Function

  func visit<R: RealElement>(_ element: R.Type) throws(GraphError) -> Tensor {
    try input.borrow(element) { x throws(GraphError) in
      Tensor(shape: input.shape, of: element) { y in
        for o in 0..<outer {
          for i in 0..<inner { function.line(x, &y, start: o * count * inner + i, step: inner, count: count) }
        }
      }
    }
  }
}
