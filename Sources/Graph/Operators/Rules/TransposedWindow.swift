/// How a transposed convolution places its windows on its result, before the size of its input is known.
///
/// ONNX, "ConvTranspose": attributes `auto_pad`, `dilations`, `output_padding`, `output_shape`, `pads`, `strides`.
public struct TransposedWindowAttributes: Sendable {
  /// Taps of the window.
  public let kernel: [Int]
  /// Elements of the result from one window to the next.
  public let strides: [Int]
  /// Elements from one tap to the next.
  public let dilations: [Int]
  /// Elements added to the end of the result.
  public let outputPadding: [Int]
  /// Spatial sizes that the node demands of the result; nil if they follow from the rest.
  public let outputShape: [Int]?
  /// What is cut from the result.
  public let padding: SlidingWindowAttributes.Padding

  /// Padding and positions for one axis of an input of at most 2^31 elements.
  private func place(_ axis: Int, size: Int) -> (begin: Int, end: Int, output: Int) {
    let full = strides[axis] * (size - 1) + outputPadding[axis] + (kernel[axis] - 1) * dilations[axis] + 1
    if outputShape == nil, case .explicit(let begin, let end) = padding {
      return (begin[axis], end[axis], full - begin[axis] - end[axis])
    }
    let output = outputShape?[axis] ?? size * strides[axis]
    let total = max(0, full - output)
    let begin = padding == .sameUpper ? total / 2 : total - total / 2
    return (begin, total - begin, output)
  }

  /// The window that a forward convolution from the result back to an input of these sizes would use.
  ///
  /// Its `output` is the size of the transposed convolution's result.
  public func window(over sizes: [Int], node: String) throws(GraphError) -> SlidingWindow {
    guard sizes.count == kernel.count, sizes.allSatisfy({ $0 <= Int(Int32.max) }) else {
      throw .shapeMismatch(
        node: node, input: "0", expected: "\(kernel.count) spatial dimensions", found: Shape(sizes).description)
    }
    let places = sizes.indices.map { place($0, size: sizes[$0]) }
    guard places.allSatisfy({ $0.output >= 1 }) else {
      throw .shapeMismatch(
        node: node, input: "0", expected: "spatial sizes that leave something after the padding is cut",
        found: Shape(sizes).description)
    }
    return SlidingWindow(
      kernel: kernel, strides: strides, dilations: dilations, padsBegin: places.map(\.begin),
      padsEnd: places.map(\.end), output: places.map(\.output))
  }

  /// Spatial sizes of the result, as far as those of the input are known.
  public func output(over sizes: [Dimension], node: String) throws(GraphError) -> [Dimension] {
    if let known = Shape(sizes).sizes { return try window(over: known, node: node).output.map(Dimension.known) }
    if let outputShape { return outputShape.map(Dimension.known) }
    return sizes.indices.map { axis in
      guard let size = sizes[axis].size, size <= Int(Int32.max) else { return .unknown }
      return .known(place(axis, size: size).output)
    }
  }
}

extension NodeContext {
  /// Reads the attributes of a transposed convolution whose weights have these spatial sizes.
  public func transposedWindow(kernel: [Int]) throws(GraphError) -> TransposedWindowAttributes {
    let window = try slidingWindow(kernel: kernel)
    let rank = kernel.count
    let outputShape = try ints("output_shape").map { $0.count == rank + 2 ? Array($0.dropFirst(2)) : $0 }
    if let outputShape, outputShape.count != rank || outputShape.contains(where: { !(1...Int(Int32.max)).contains($0) })
    {
      throw .invalidAttribute(
        node: name, attribute: "output_shape", expected: "\(rank) positive sizes", found: "\(outputShape)")
    }
    return TransposedWindowAttributes(
      kernel: kernel, strides: window.strides, dilations: window.dilations,
      outputPadding: try spatialAttribute("output_padding", count: rank, from: 0), outputShape: outputShape,
      padding: window.padding)
  }
}
