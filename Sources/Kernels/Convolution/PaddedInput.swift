import KernelTemplates

/// The input as the convolution's kernels read it: padded with zeros, and each row split by the remainder of x / stride.
///
/// After the split the inputs of neighbouring output positions are neighbours at any stride, so every kernel reads whole vectors
/// and has no borders. A channel lies [depth][height][phase][x / stride]. What no output position needs is left out: rows
/// between those of a strided kernel of height 1, columns of a kernel of width 1. Where nothing is to pad or split, the input
/// itself serves and nothing is copied.
struct PaddedInput: Sendable {
  /// The input must be copied.
  let isCopy: Bool
  /// Elements of a row, of a depth slice and of a channel.
  let rowStride: Int, sliceStride: Int, channelStride: Int
  /// Elements from the input of one output row (depth slice) to that of the next.
  let outputRowStep: Int, outputSliceStep: Int
  /// Shift of every kernel tap.
  let tapOffsets: [Int]

  private let shape: ConvolutionShape
  /// Copied rows and slices, the input rows (slices) from one to the next, and phases.
  private let rows: Int, slices: Int, rowStep: Int, sliceStep: Int, phases: Int, phaseLength: Int

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    let (kernel, stride, output, dilation) = (shape.kernel, shape.stride, shape.output, shape.dilation)
    let pads = [shape.padsBegin, shape.padsEnd]
    isCopy = stride.width > 1 || pads.contains { $0.depth != 0 || $0.height != 0 || $0.width != 0 }
    if isCopy {
      rowStep = kernel.height == 1 ? stride.height : 1
      sliceStep = kernel.depth == 1 ? stride.depth : 1
      rows =
        kernel.height == 1
        ? output.height : (output.height - 1) * stride.height + (kernel.height - 1) * dilation.height + 1
      slices =
        kernel.depth == 1 ? output.depth : (output.depth - 1) * stride.depth + (kernel.depth - 1) * dilation.depth + 1
      phases = kernel.width == 1 ? 1 : stride.width
      phaseLength = output.width + (kernel.width - 1) * dilation.width / stride.width
      rowStride = phases * phaseLength
      sliceStride = rows * rowStride
      channelStride = slices * sliceStride
      outputRowStep = (kernel.height == 1 ? 1 : stride.height) * rowStride
      outputSliceStep = (kernel.depth == 1 ? 1 : stride.depth) * sliceStride
    } else {
      (rowStep, sliceStep, rows, slices, phases) = (1, 1, shape.input.height, shape.input.depth, 1)
      phaseLength = shape.input.width
      rowStride = shape.input.width
      sliceStride = shape.input.height * rowStride
      channelStride = shape.input.depth * sliceStride
      outputRowStep = stride.height * rowStride
      outputSliceStep = stride.depth * sliceStride
    }
    var offsets: [Int] = []
    for z in 0..<kernel.depth {
      for y in 0..<kernel.height {
        for x in 0..<kernel.width {
          let shift = x * dilation.width
          offsets.append(
            z * dilation.depth * sliceStride + y * dilation.height * rowStride
              + shift % stride.width * phaseLength + shift / stride.width)
        }
      }
    }
    tapOffsets = offsets
  }

  /// Shifts of all channels and taps, in the order of the weights.
  func offsets(channels: Int) -> [Int] {
    (0..<channels).flatMap { channel in tapOffsets.map { channel * channelStride + $0 } }
  }

  /// Copies channels of one image.
  func copy(channels: Int, from input: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
    let (sizes, pads) = (shape.input, shape.padsBegin)
    var row = target
    for channel in 0..<channels {
      let plane = input + channel * sizes.product
      for slice in 0..<slices {
        let z = slice * sliceStep - pads.depth
        for line in 0..<rows {
          let y = line * rowStep - pads.height
          if z >= 0, z < sizes.depth, y >= 0, y < sizes.height {
            copyRow(from: plane + (z * sizes.height + y) * sizes.width, to: row)
          } else {
            clear(row, count: rowStride)
          }
          row += rowStride
        }
      }
    }
  }

  private func copyRow(from input: UnsafePointer<Float>, to row: UnsafeMutablePointer<Float>) {
    let (width, pad, step) = (shape.input.width, shape.padsBegin.width, shape.stride.width)
    for phase in 0..<phases {
      // Element i of the phase is input column i * step + phase - pad.
      let to = row + phase * phaseLength
      let first = min(phaseLength, max(0, (pad - phase + step - 1) / step))
      let end = max(first, min(phaseLength, (width + pad - phase + step - 1) / step))
      clear(to, count: first)
      let from = input + (first * step + phase - pad)
      if step == 1 {
        copyContiguous(from: from, to: to + first, count: end - first)
      } else {
        copyStrided(from: from, step: step, to: to + first, count: end - first)
      }
      clear(to + end, count: phaseLength - end)
    }
  }

  // Rows are short: a loop in place costs less than a call of memset or memcpy.

  @inline(__always)
  private func clear(_ to: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    while i + 4 <= count {
      Portable.store(to + i, Portable.zero())
      i += 4
    }
    while i < count {
      to[i] = 0
      i += 1
    }
  }

  @inline(__always)
  private func copyContiguous(from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    while i + 4 <= count {
      Portable.store(to + i, Portable.load(from + i))
      i += 4
    }
    while i < count {
      to[i] = from[i]
      i += 1
    }
  }

  @inline(__always)
  private func copyStrided(from: UnsafePointer<Float>, step: Int, to: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    if step == 2 {
      // `loadEven` reads one element past the last that it uses.
      while i + 5 <= count {
        Portable.store(to + i, Portable.loadEven(from + 2 * i))
        i += 4
      }
    }
    while i < count {
      to[i] = from[i * step]
      i += 1
    }
  }

  /// The runs of output positions `range` of one image; returns how many.
  func runs(_ range: Range<Int>, into runs: UnsafeMutablePointer<Run>) -> Int {
    let (width, height) = (shape.output.width, shape.output.height)
    var count = 0
    var position = range.lowerBound
    while position < range.upperBound {
      let (line, x) = position.quotientAndRemainder(dividingBy: width)
      let (slice, y) = line.quotientAndRemainder(dividingBy: height)
      let length = min(width - x, range.upperBound - position)
      let source = slice * outputSliceStep + y * outputRowStep + x
      if count > 0, runs[count - 1].source + runs[count - 1].count == source {
        runs[count - 1].count += length
      } else {
        (runs + count).initialize(to: Run(source: source, lane: position - range.lowerBound, count: length))
        count += 1
      }
      position += length
    }
    return count
  }
}
