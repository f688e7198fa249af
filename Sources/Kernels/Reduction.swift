import KernelTemplates

/// A planned reduction of a contiguous tensor over some of its axes.
///
///     let mean = Reduction(.mean, shape: [1, 2048, 7, 7], axes: [2, 3], context: context)
///     mean.run(x, y, scratch: scratch)  // y: [1, 2048, 1, 1]
///
/// Neighbouring axes of a kind are merged; each run of reduced axes takes one pass, the innermost first.
public struct Reduction: Sendable {
  /// What is computed.
  public enum Function: Hashable, Sendable {
    /// Σ x.
    case sum
    /// Σ x / n.
    case mean
    /// The largest; NaN if one is.
    case maximum
    /// The smallest; NaN if one is.
    case minimum
    /// Π x.
    case product
    /// Σ abs(x).
    case l1
    /// √Σ x².
    case l2
    /// Σ x².
    case sumOfSquares
    /// log Σ x.
    case logSum
  }

  /// One pass: x [outer, count, inner] to y [outer, inner].
  struct Pass: Hashable, Sendable {
    var function: ReduceFunction
    var outer: Int
    var count: Int
    var inner: Int
  }

  /// Bytes that `run` needs at `scratch`.
  public let scratchBytes: Int
  /// Elements of the output.
  public let outputCount: Int

  let passes: [Pass]
  let finish: UnaryFunction?
  let context: KernelContext

  /// Plans a reduction.
  ///
  /// - Parameters:
  ///   - function: what to compute.
  ///   - shape: shape of the operand.
  ///   - axes: the axes to reduce, 0 ..< rank, in any order.
  ///   - context: table and threads.
  public init(_ function: Function, shape: [Int], axes: [Int], context: KernelContext) {
    self.context = context
    let reduced = Set(axes)
    var runs: [(isReduced: Bool, count: Int)] = []
    for (axis, size) in shape.enumerated() where size != 1 {
      if let last = runs.last, last.isReduced == reduced.contains(axis) {
        runs[runs.count - 1].count *= size
      } else {
        runs.append((reduced.contains(axis), size))
      }
    }
    let reducedCount = runs.filter(\.isReduced).reduce(1) { $0 * $1.count }
    outputCount = runs.filter { !$0.isReduced }.reduce(1) { $0 * $1.count }
    let (first, later) = function.kernels
    var passes: [Pass] = []
    while let i = runs.lastIndex(where: \.isReduced) {
      passes.append(
        Pass(
          function: passes.isEmpty ? first : later, outer: runs[..<i].reduce(1) { $0 * $1.count },
          count: runs[i].count, inner: runs[(i + 1)...].reduce(1) { $0 * $1.count }))
      runs.remove(at: i)
    }
    if passes.isEmpty { passes = [Pass(function: first, outer: outputCount, count: 1, inner: 1)] }
    self.passes = passes
    finish = function.finish(count: reducedCount)
    // Results of a pass that is not the last; two in turn.
    scratchBytes = passes.dropLast().prefix(2).reduce(0) { $0 + $1.outer * $1.inner * MemoryLayout<Float>.stride }
  }

  /// Computes y from x; they do not overlap.
  public func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer?) {
    var source = x
    for (i, pass) in passes.enumerated() {
      var target = y
      if i < passes.count - 1, let scratch {
        let offset = i % 2 == 0 ? 0 : passes[0].outer * passes[0].inner
        target = scratch.assumingMemoryBound(to: Float.self) + offset
      }
      run(pass, source, target)
      source = UnsafePointer(target)
    }
    if let finish { context.unary(finish, y, y, count: outputCount) }
  }

  private func run(_ pass: Pass, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    context.parallelRanges(pass.outer, cost: pass.count * pass.inner) { range in
      context.table.vector.reduce(
        pass.function, x + range.lowerBound * pass.count * pass.inner, y + range.lowerBound * pass.inner, range.count,
        pass.count, pass.inner)
    }
  }
}

extension Reduction.Function {
  /// Kernels of the first pass and of those that follow.
  fileprivate var kernels: (ReduceFunction, ReduceFunction) {
    switch self {
    case .sum, .mean, .logSum: (.sum, .sum)
    case .maximum: (.maximum, .maximum)
    case .minimum: (.minimum, .minimum)
    case .product: (.product, .product)
    case .l1: (.sumOfMagnitudes, .sum)
    case .l2, .sumOfSquares: (.sumOfSquares, .sum)
    }
  }

  fileprivate func finish(count: Int) -> UnaryFunction? {
    switch self {
    case .mean: .affine(scale: 1 / Float(count), shift: 0)
    case .l2: .sqrt
    case .logSum: .log
    default: nil
    }
  }
}
