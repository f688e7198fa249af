import Graph
import Kernels

/// Plain loops over tensors that broadcast together, for element types that the vector kernels do not cover: masks, token ids,
/// positions, of which a transformer computes few, but computes them anew for every request.
struct BroadcastLoop: Sendable {
  /// A stretch of the result along which every operand moves evenly.
  struct Run {
    /// The stretch, in elements of the result.
    let output: Range<Int>
    /// Where operands start, and their steps: 1 or 0 for nearly all.
    let a: (start: Int, step: Int)
    let b: (start: Int, step: Int)
    let c: (start: Int, step: Int)
  }

  private let loops: StridedLoops
  private let count: Int

  /// - Parameters:
  ///   - operands: up to three shapes, which broadcast to `shape`.
  ///   - shape: of the result, row-major.
  init(_ operands: [[Int]], to shape: [Int]) {
    let absent = [[Int]](repeating: [Int](repeating: 0, count: shape.count), count: 3 - operands.count)
    loops = StridedLoops(
      sizes: shape,
      strides: operands.map { StridedLoops.broadcast($0, to: shape) } + absent + [StridedLoops.contiguous(shape)])
    count = shape.reduce(1, *)
  }

  /// Calls `body` for runs that cover the result, on several threads if there is much to do.
  func run(_ kernels: KernelContext, _ body: (Run) -> Void) {
    let columns = loops.sizes.last ?? 1
    kernels.parallelRanges(count, cost: 2) { range in
      var position = range.lowerBound
      while position < range.upperBound {
        let (row, column) = (position / columns, position % columns)
        let length = min(columns - column, range.upperBound - position)
        body(
          Run(
            output: position..<position + length, a: place(0, row: row, column: column),
            b: place(1, row: row, column: column), c: place(2, row: row, column: column)))
        position += length
      }
    }
  }

  private func place(_ operand: Int, row: Int, column: Int) -> (start: Int, step: Int) {
    let last = loops.sizes.count - 1
    guard last >= 0 else { return (0, 0) }
    let step = loops.strides[operand][last]
    var (rest, start) = (row, column * step)
    for axis in stride(from: last - 1, through: 0, by: -1) {
      start += rest % loops.sizes[axis] * loops.strides[operand][axis]
      rest /= loops.sizes[axis]
    }
    return (start, step)
  }
}

extension BroadcastLoop {
  /// z = function(x, y), element by element.
  @inline(__always)
  func map<A, B, Output>(
    _ kernels: KernelContext, _ x: UnsafePointer<A>, _ y: UnsafePointer<B>, _ z: UnsafeMutablePointer<Output>,
    _ function: (A, B) -> Output
  ) {
    run(kernels) { run in
      let (count, target) = (run.output.count, z + run.output.lowerBound)
      let (a, b) = (x + run.a.start, y + run.b.start)
      switch (run.a.step, run.b.step) {
      case (1, 1): for i in 0..<count { target[i] = function(a[i], b[i]) }
      case (1, 0):
        let second = b[0]
        for i in 0..<count { target[i] = function(a[i], second) }
      case (0, 1):
        let first = a[0]
        for i in 0..<count { target[i] = function(first, b[i]) }
      default: for i in 0..<count { target[i] = function(a[i * run.a.step], b[i * run.b.step]) }
      }
    }
  }

  /// z = condition ? x : y, element by element.
  @inline(__always)
  func select<Element>(
    _ kernels: KernelContext, _ condition: UnsafePointer<UInt8>, _ x: UnsafePointer<Element>,
    _ y: UnsafePointer<Element>, _ z: UnsafeMutablePointer<Element>
  ) {
    run(kernels) { run in
      let (count, target) = (run.output.count, z + run.output.lowerBound)
      let (flags, a, b) = (condition + run.a.start, x + run.b.start, y + run.c.start)
      switch (run.a.step, run.b.step, run.c.step) {
      case (1, 1, 1): for i in 0..<count { target[i] = flags[i] != 0 ? a[i] : b[i] }
      case (1, 0, 1):
        let first = a[0]
        for i in 0..<count { target[i] = flags[i] != 0 ? first : b[i] }
      case (1, 1, 0):
        let second = b[0]
        for i in 0..<count { target[i] = flags[i] != 0 ? a[i] : second }
      case (1, 0, 0):
        let (first, second) = (a[0], b[0])
        for i in 0..<count { target[i] = flags[i] != 0 ? first : second }
      default:
        for i in 0..<count { target[i] = flags[i * run.a.step] != 0 ? a[i * run.b.step] : b[i * run.c.step] }
      }
    }
  }
}
