import KernelTemplates

/// What a window is reduced to.
public enum PoolingKind: Hashable, Sendable {
  /// Its largest element; minus infinity if it lies in the padding altogether.
  case max
  /// The mean of its elements.
  ///
  /// With `countIncludePad` the padding's zeros count, but not what a rounded-up output size reaches beyond the padding.
  case average(countIncludePad: Bool)
}

/// Sizes of a pooling over one, two or three spatial axes.
public struct PoolingShape: Hashable, Sendable {
  /// Images times channels.
  public let planes: Int
  /// Sizes of an input plane.
  public let input: ConvolutionShape.Axes
  /// Sizes of an output plane; rounded up or down is the caller's choice.
  public let output: ConvolutionShape.Axes
  /// Sizes of the window.
  public let kernel: ConvolutionShape.Axes
  /// Input positions from one window to the next.
  public let stride: ConvolutionShape.Axes
  /// Input positions from one element of the window to the next.
  public let dilation: ConvolutionShape.Axes
  /// Padding before the input.
  public let padsBegin: ConvolutionShape.Axes
  /// Padding behind it.
  public let padsEnd: ConvolutionShape.Axes

  /// A pooling's sizes; the arrays hold one number per spatial axis, width last.
  public init(
    planes: Int, input: [Int], output: [Int], kernel: [Int], stride: [Int], dilation: [Int], padsBegin: [Int],
    padsEnd: [Int]
  ) {
    self.planes = planes
    self.input = .init(input, missing: 1)
    self.output = .init(output, missing: 1)
    self.kernel = .init(kernel, missing: 1)
    self.stride = .init(stride, missing: 1)
    self.dilation = .init(dilation, missing: 1)
    self.padsBegin = .init(padsBegin, missing: 0)
    self.padsEnd = .init(padsEnd, missing: 0)
  }
}

/// A planned pooling: [planes][input] to [planes][output].
public struct Pooling: Sendable {
  /// What a window is reduced to.
  public let kind: PoolingKind
  /// Sizes.
  public let shape: PoolingShape
  /// Bytes that `run` needs at `scratch`, which is aligned to 64 bytes.
  public let scratchBytes: Int

  private let context: KernelContext
  private let workerBytes: Int
  private let windowsAcross: [Window]
  /// Outputs of a row whose windows lie inside the input from left to right.
  private let inner: Range<Int>

  /// Where a window lies on one axis.
  private struct Window {
    /// Input position of its first element inside.
    var first: Int
    /// Elements inside the input.
    var inside: Int
    /// Elements inside input and padding.
    var counted: Int
  }

  /// Plans a pooling.
  public init(_ kind: PoolingKind, _ shape: PoolingShape, context: KernelContext) {
    self.kind = kind
    self.shape = shape
    self.context = context
    // A row of each depth and height of the window that lies inside the input.
    let rows = min(shape.kernel.depth, shape.input.depth) * min(shape.kernel.height, shape.input.height)
    workerBytes = (rows * MemoryLayout<Int>.stride).roundedUp(to: 64)
    scratchBytes = workerBytes * context.pool.threads
    let windows = (0..<shape.output.width).map { Self.window(shape, \.width, output: $0) }
    windowsAcross = windows
    let whole = windows.indices.filter { windows[$0].inside == shape.kernel.width }
    inner = (whole.first ?? 0)..<(whole.last.map { $0 + 1 } ?? 0)
  }

  private static func window(_ s: PoolingShape, _ axis: KeyPath<ConvolutionShape.Axes, Int>, output: Int) -> Window {
    let (size, step) = (s.input[keyPath: axis], s.dilation[keyPath: axis])
    let begin = output * s.stride[keyPath: axis] - s.padsBegin[keyPath: axis]
    /// Taps of the window before a position.
    func taps(before position: Int) -> Int {
      max(0, min(s.kernel[keyPath: axis], (position - begin + step - 1) / step))
    }
    let first = taps(before: 0)
    let inside = taps(before: size) - first
    return Window(
      first: inside > 0 ? begin + first * step : 0, inside: max(0, inside),
      counted: taps(before: size + s.padsEnd[keyPath: axis]))
  }

  /// Computes the pooling; `output` does not overlap `input`.
  public func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    context.pool.parallel(
      shape.planes,
      perWorker: { plane, worker in
        let rows = (scratch + worker * workerBytes).bindMemory(to: Int.self, capacity: workerBytes / 8)
        var row = PoolingRow(
          input: input + plane * shape.input.product, rows: rows, output: output + plane * shape.output.product)
        row.stride = shape.stride.width
        row.columnStep = shape.dilation.width
        for z in 0..<shape.output.depth {
          let slices = Self.window(shape, \.depth, output: z)
          for y in 0..<shape.output.height {
            let lines = Self.window(shape, \.height, output: y)
            row.height = 0
            for slice in 0..<slices.inside {
              for line in 0..<lines.inside {
                let at = slices.first + slice * shape.dilation.depth
                rows[row.height] =
                  (at * shape.input.height + lines.first + line * shape.dilation.height) * shape.input.width
                row.height += 1
              }
            }
            pool(&row, slices, lines)
            row.output += shape.output.width
          }
        }
      })
  }

  /// One output row: the outputs at the left and right border one by one, all others at once.
  private func pool(_ row: inout PoolingRow, _ slices: Window, _ lines: Window) {
    let (input, output) = (row.input, row.output)
    var x = 0
    while x < shape.output.width {
      let across = windowsAcross[x]
      row.count = inner.contains(x) ? inner.upperBound - x : 1
      row.width = across.inside
      row.input = input + across.first
      row.output = output + x
      if case .average(let countIncludePad) = kind {
        let counts =
          countIncludePad
          ? (slices.counted, lines.counted, across.counted) : (slices.inside, lines.inside, across.inside)
        row.factor = 1 / Float(max(1, Int.saturatedProduct(counts.0, counts.1, counts.2)))
      }
      context.table.poolRow(&row)
      x += row.count
    }
    (row.input, row.output) = (input, output)
  }
}

/// Pooling of whole planes: [planes][size] to [planes].
public struct GlobalPooling: Sendable {
  /// What a plane is reduced to.
  public enum Kind: Hashable, Sendable {
    /// Its largest element.
    case max
    /// The mean of its elements.
    case average
  }

  /// What a plane is reduced to.
  public let kind: Kind
  /// Images times channels.
  public let planes: Int
  /// Elements of a plane.
  public let size: Int

  private let context: KernelContext

  /// Plans a pooling.
  public init(_ kind: Kind, planes: Int, size: Int, context: KernelContext) {
    self.kind = kind
    self.planes = planes
    self.size = size
    self.context = context
  }

  /// Computes the pooling.
  public func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    let table = context.table
    // Planes are small: a task takes enough of them to be worth its dispatch.
    let each = max(1, 4096 / max(1, size))
    context.pool.parallel((planes + each - 1) / each) { task in
      for plane in task * each..<min(planes, (task + 1) * each) {
        let from = input + plane * size
        output[plane] = kind == .max ? table.maximum(from, size) : table.sum(from, size) / Float(size)
      }
    }
  }
}
