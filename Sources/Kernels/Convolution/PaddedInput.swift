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
  private let phaseParts: [PaddingPhase]
  /// Copied rows and slices, the input rows (slices) from one to the next, and phases.
  private let rows: Int, slices: Int, rowStep: Int, sliceStep: Int, phases: Int, phaseLength: Int

  /// Sizes of the padded input, before it is known whether memory can hold it.
  struct Sizes {
    /// The input must be copied.
    let isCopy: Bool
    /// Rows and slices, the input rows (slices) from one to the next, phases and elements of a phase.
    let rows: Int, slices: Int, rowStep: Int, sliceStep: Int, phases: Int, phaseLength: Int

    init(_ shape: ConvolutionShape) {
      let (kernel, stride, output, dilation) = (shape.kernel, shape.stride, shape.output, shape.dilation)
      let pads = [shape.padsBegin, shape.padsEnd]
      isCopy = stride.width > 1 || pads.contains { $0.depth != 0 || $0.height != 0 || $0.width != 0 }
      guard isCopy else {
        (rowStep, sliceStep, rows, slices, phases) = (1, 1, shape.input.height, shape.input.depth, 1)
        phaseLength = shape.input.width
        return
      }
      rowStep = kernel.height == 1 ? stride.height : 1
      sliceStep = kernel.depth == 1 ? stride.depth : 1
      rows =
        kernel.height == 1
        ? output.height : (output.height - 1) * stride.height + (kernel.height - 1) * dilation.height + 1
      slices =
        kernel.depth == 1 ? output.depth : (output.depth - 1) * stride.depth + (kernel.depth - 1) * dilation.depth + 1
      // Of a stride wider than the kernel's reach, the columns between are not copied.
      phases = min(stride.width, (kernel.width - 1).multipliedSaturated(by: dilation.width).addingSaturated(1))
      phaseLength = output.width + (kernel.width - 1) * dilation.width / stride.width
    }

    /// Bytes of this many channels and of the phases' description; `Int.max` if they are more.
    func byteCount(channels: Int) -> Int {
      guard isCopy else { return 0 }
      let row = Int.saturatedProduct(phases, phaseLength, MemoryLayout<Float>.stride)
      return Int.saturatedProduct(channels, slices, rows, row)
        .addingSaturated(phases.multipliedSaturated(by: MemoryLayout<PaddingPhase>.stride))
    }
  }

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    let (kernel, stride, dilation) = (shape.kernel, shape.stride, shape.dilation)
    let sizes = Sizes(shape)
    isCopy = sizes.isCopy
    (rowStep, sliceStep, rows, slices) = (sizes.rowStep, sizes.sliceStep, sizes.rows, sizes.slices)
    (phases, phaseLength) = (sizes.phases, sizes.phaseLength)
    rowStride = phases * phaseLength
    sliceStride = rows * rowStride
    channelStride = slices * sliceStride
    outputRowStep = (isCopy && kernel.height == 1 ? 1 : stride.height) * rowStride
    outputSliceStep = (isCopy && kernel.depth == 1 ? 1 : stride.depth) * sliceStride
    phaseParts = (0..<phases).map { [phaseLength] phase in
      // Element i of the phase is input column i * stride + phase - pad.
      let (pad, step) = (shape.padsBegin.width, stride.width)
      let first = min(phaseLength, max(0, (pad - phase + step - 1) / step))
      let end = max(first, min(phaseLength, (shape.input.width + pad - phase + step - 1) / step))
      return PaddingPhase(before: first, count: end - first, source: first * step + phase - pad)
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

  /// Copies channels of one image; nothing at or behind `end` is read.
  func copy(
    channels: Int, from input: UnsafePointer<Float>, end: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    table: KernelTable
  ) {
    let (sizes, pads) = (shape.input, shape.padsBegin)
    // Copied rows (slices) that lie before, in and behind the input.
    func parts(_ count: Int, step: Int, pad: Int, size: Int) -> (before: Int, inside: Int) {
      let before = min(count, (pad + step - 1) / step)
      return (before, max(0, min(count, (size + pad + step - 1) / step) - before))
    }
    let lines = parts(rows, step: rowStep, pad: pads.height, size: sizes.height)
    let depths = parts(slices, step: sliceStep, pad: pads.depth, size: sizes.depth)
    phaseParts.withUnsafeBufferPointer { phases in
      guard let phases = phases.baseAddress else { return }
      var plane = PaddedPlane(input: input, inputEnd: end, phases: phases, target: target)
      plane.inputRowStride = rowStep * sizes.width
      (plane.phaseCount, plane.phaseLength, plane.step) = (self.phases, phaseLength, shape.stride.width)
      for channel in 0..<channels {
        for slice in 0..<slices {
          if slice >= depths.before, slice < depths.before + depths.inside {
            let z = slice * sliceStep - pads.depth
            let y = lines.before * rowStep - pads.height
            (plane.rowsBefore, plane.rows) = (lines.before, lines.inside)
            plane.input = input + ((channel * sizes.depth + z) * sizes.height + y) * sizes.width
          } else {
            (plane.rowsBefore, plane.rows) = (rows, 0)
          }
          plane.rowsAfter = rows - plane.rowsBefore - plane.rows
          table.padPlane(&plane)
          plane.target += sliceStride
        }
      }
    }
  }

  /// How output positions follow each other in memory, if every vector of them from a multiple of `lanes` on is in one piece: the
  /// length of a line of positions, and elements from one line to the next.
  func lines(lanes: Int) -> (length: Int, stride: Int)? {
    let output = shape.output
    let isSlice = outputRowStep == output.width || output.height == 1
    if isSlice && (outputSliceStep == output.width * output.height || output.depth == 1) { return (output.product, 0) }
    return output.depth == 1 && output.width % lanes == 0 ? (output.width, outputRowStep) : nil
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
