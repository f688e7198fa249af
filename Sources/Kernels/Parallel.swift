extension KernelContext {
  /// Runs `body` over ranges that cover 0 ..< count, on several threads if the work is worth waking them.
  ///
  /// - Parameters:
  ///   - count: items.
  ///   - cost: cost of an item, in elements read or written by a kernel that does little with each.
  ///   - unit: ranges begin at its multiples.
  package func parallelRanges(_ count: Int, cost: Int, unit: Int = 1, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    // 16 Ki elements take about two microseconds: what a task should last at least.
    let least = max(1, 16_384 / max(1, cost))
    let pieces = min(4 * pool.threads, max(1, count / least))
    guard pool.threads > 1, pieces > 1 else {
      body(0..<count)
      return
    }
    let length = ((count + pieces - 1) / pieces + unit - 1) / unit * unit
    pool.parallel((count + length - 1) / length) { piece in
      body(piece * length..<min(count, (piece + 1) * length))
    }
  }

  /// Applies a function to contiguous numbers, y[i] = function(x[i]); `y` may be `x`.
  public func unary(
    _ function: UnaryFunction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    parallelRanges(count, cost: 4, unit: 64) { range in
      table.vector.unary(function, x + range.lowerBound, y + range.lowerBound, range.count)
    }
  }
}
