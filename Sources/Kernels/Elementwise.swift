import KernelTemplates

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A planned elementwise function of two tensors that are broadcast to one shape.
///
///     let sum = Elementwise(.add, left: [2, 64, 7, 7], right: [64, 1, 1], context: context)
///     sum.run(left: x, right: bias, output: y)
public struct Elementwise: Sendable {
  /// What is computed.
  public enum Function: Hashable, Sendable {
    /// A function that has a vector kernel.
    case vector(BinaryFunction)
    /// a to the power b, by the C library; constant powers are cheaper as `UnaryFunction`.
    case power
  }

  let function: Function
  let loops: StridedLoops
  let context: KernelContext

  /// Plans the function of contiguous tensors.
  ///
  /// - Parameters:
  ///   - function: what to compute.
  ///   - left: shape of the first operand.
  ///   - right: shape of the second.
  ///   - context: table and threads.
  public init(_ function: BinaryFunction, left: [Int], right: [Int], context: KernelContext) {
    self.init(.vector(function), left: left, right: right, context: context)
  }

  /// Plans the function of contiguous tensors whose shapes can be broadcast to one.
  public init(_ function: Function, left: [Int], right: [Int], context: KernelContext) {
    let shape = Self.outputShape(left, right)
    self.init(
      function, shape: shape, leftStrides: StridedLoops.broadcast(left, to: shape),
      rightStrides: StridedLoops.broadcast(right, to: shape), context: context)
  }

  /// Plans the function of operands with any strides, in elements; the output is contiguous.
  public init(
    _ function: Function, shape: [Int], leftStrides: [Int], rightStrides: [Int], context: KernelContext
  ) {
    self.function = function
    self.context = context
    loops = StridedLoops(sizes: shape, strides: [leftStrides, rightStrides, StridedLoops.contiguous(shape)])
  }

  /// The shape that two shapes are broadcast to; where sizes differ, the one that is not 1.
  public static func outputShape(_ left: [Int], _ right: [Int]) -> [Int] {
    let rank = max(left.count, right.count)
    return (0..<rank).map { axis in
      let a = axis < rank - left.count ? 1 : left[axis - rank + left.count]
      let b = axis < rank - right.count ? 1 : right[axis - rank + right.count]
      return a == 1 ? b : a
    }
  }

  /// Computes the output, which may be an operand that is not broadcast.
  public func run(left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let axes = loops.sizes.count
    let columns = axes > 0 ? loops.sizes[axes - 1] : 1
    let rows = axes > 1 ? loops.sizes[axes - 2] : 1
    let outer = loops.count / max(1, rows * columns)
    func stride(_ tensor: Int, _ fromLast: Int) -> Int {
      axes > fromLast ? loops.strides[tensor][axes - 1 - fromLast] : 0
    }
    guard outer * rows * columns > 0 else { return }
    if outer * rows == 1 {
      context.parallelRanges(columns, cost: 1, unit: 64) { range in
        compute(
          left: left + range.lowerBound * stride(0, 0), right: right + range.lowerBound * stride(1, 0),
          output: output + range.lowerBound, rows: 1, columns: range.count, axes: axes)
      }
      return
    }
    context.parallelRanges(outer * rows, cost: columns) { lines in
      var line = lines.lowerBound
      while line < lines.upperBound {
        let (step, row) = (line / rows, line % rows)
        let count = min(rows - row, lines.upperBound - line)
        compute(
          left: left + loops.offset(0, outerIndex: step, inner: 2) + row * stride(0, 1),
          right: right + loops.offset(1, outerIndex: step, inner: 2) + row * stride(1, 1),
          output: output + loops.offset(2, outerIndex: step, inner: 2) + row * stride(2, 1),
          rows: count, columns: columns, axes: axes)
        line += count
      }
    }
  }

  private func compute(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rows: Int,
    columns: Int, axes: Int
  ) {
    func stride(_ tensor: Int, _ fromLast: Int) -> Int {
      axes > fromLast ? loops.strides[tensor][axes - 1 - fromLast] : 0
    }
    switch function {
    case .vector(let function):
      var block = BinaryBlock(function: function, a: left, b: right, output: output)
      (block.rows, block.columns) = (rows, columns)
      (block.aRow, block.bRow, block.outputRow) = (stride(0, 1), stride(1, 1), stride(2, 1))
      (block.aColumn, block.bColumn) = (stride(0, 0), stride(1, 0))
      context.table.vector.binary(&block)
    case .power:
      for row in 0..<rows {
        let (a, b, y) = (left + row * stride(0, 1), right + row * stride(1, 1), output + row * stride(2, 1))
        for j in 0..<columns { y[j] = pow(a[j * stride(0, 0)], b[j * stride(1, 0)]) }
      }
    }
  }
}
