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

  /// Bytes that a planned pooling takes to list the windows of each axis.
  public var windowByteCount: Int {
    let windows = output.depth.addingSaturated(output.height).addingSaturated(output.width)
    return windows.multipliedSaturated(by: MemoryLayout<Pooling.Window>.stride)
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
  /// Where the windows of the outputs along each axis lie: found once, since it takes longer than pooling a row.
  private let slices: [Window], lines: [Window], columns: [Window]
  /// Bytes of a worker's list of rows, and with its factors behind it.
  private let rowBytes: Int, workerBytes: Int

  /// Where a window lies on one axis.
  struct Window {
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
    rowBytes = (rows * MemoryLayout<Int>.stride).roundedUp(to: 64)
    let factors = kind == .max ? 0 : shape.output.width
    workerBytes = rowBytes + (factors * MemoryLayout<Float>.stride).roundedUp(to: 64)
    scratchBytes = workerBytes * context.pool.threads
    slices = Self.windows(shape, \.depth)
    lines = Self.windows(shape, \.height)
    columns = Self.windows(shape, \.width)
  }

  private static func windows(_ shape: PoolingShape, _ axis: KeyPath<ConvolutionShape.Axes, Int>) -> [Window] {
    (0..<shape.output[keyPath: axis]).map { window(shape, axis, output: $0) }
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
    // Planes may be small: a task takes enough of them to be worth its dispatch.
    let each = max(1, 16_384 / max(1, shape.input.product + shape.output.product))
    context.pool.parallel(
      (shape.planes + each - 1) / each,
      perWorker: { task, worker in
        for plane in task * each..<min(shape.planes, (task + 1) * each) {
          pool(
            input + plane * shape.input.product, output + plane * shape.output.product,
            scratch: scratch + worker * workerBytes)
        }
      })
  }

  /// One plane.
  private func pool(
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    let rows = scratch.bindMemory(to: Int.self, capacity: rowBytes / MemoryLayout<Int>.stride)
    let factors = (scratch + rowBytes).bindMemory(to: Float.self, capacity: (workerBytes - rowBytes) / 4)
    var row = PoolingRow(input: input, rows: rows, output: output)
    (row.columns, row.padLeft) = (shape.input.width, shape.padsBegin.width)
    (row.stride, row.columnStep, row.width) = (shape.stride.width, shape.dilation.width, shape.kernel.width)
    row.count = shape.output.width
    if kind != .max { row.factors = UnsafePointer(factors) }
    /// What the factors divide by, apart from the window's columns.
    var lastCount = -1
    for slices in slices {
      for lines in lines {
        row.height = 0
        for slice in 0..<slices.inside {
          for line in 0..<lines.inside {
            let at = slices.first + slice * shape.dilation.depth
            rows[row.height] =
              (at * shape.input.height + lines.first + line * shape.dilation.height) * shape.input.width
            row.height += 1
          }
        }
        if case .average(let countIncludePad) = kind {
          let count =
            countIncludePad
            ? slices.counted.multipliedSaturated(by: lines.counted) : slices.inside * lines.inside
          if count != lastCount {
            setFactors(factors, count: count, countIncludePad: countIncludePad)
            lastCount = count
          }
        }
        context.table.poolRow(&row)
        row.output += shape.output.width
      }
    }
  }

  /// What the sums of a row are multiplied by: one over the elements that count, of which a column of a window has `count`.
  private func setFactors(_ factors: UnsafeMutablePointer<Float>, count: Int, countIncludePad: Bool) {
    for (x, across) in columns.enumerated() {
      let elements = count.multipliedSaturated(by: countIncludePad ? across.counted : across.inside)
      factors[x] = 1 / Float(max(1, elements))
    }
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
