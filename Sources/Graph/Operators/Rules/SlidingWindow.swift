/// A window that slides over the spatial axes of an image: what convolutions and pooling have in common.
///
/// All arrays have one entry for each spatial axis, outermost first.
public struct SlidingWindow: Hashable, Sendable {
  /// Taps of the window.
  public var kernel: [Int]
  /// Elements from one position of the window to the next.
  public var strides: [Int]
  /// Elements from one tap to the next.
  public var dilations: [Int]
  /// Elements of padding before the first.
  public var padsBegin: [Int]
  /// Elements of padding behind the last.
  public var padsEnd: [Int]
  /// Positions of the window: the size of the result.
  public var output: [Int]

  /// The number of spatial axes.
  public var rank: Int { kernel.count }
}

/// How a node places a sliding window, before the size of its input is known.
///
/// ONNX, "Conv", "MaxPool", "AveragePool": attributes `auto_pad`, `dilations`, `pads`, `strides`, `ceil_mode`.
public struct SlidingWindowAttributes: Sendable {
  /// Who decides on the padding.
  public enum Padding: Hashable, Sendable {
    /// The attribute `pads`.
    case explicit(begin: [Int], end: [Int])
    /// As much as makes the result `ceil(input / stride)` large, an odd element at the end.
    case sameUpper
    /// The same, an odd element at the beginning.
    case sameLower
  }

  /// Taps of the window.
  public let kernel: [Int]
  /// Elements from one position of the window to the next.
  public let strides: [Int]
  /// Elements from one tap to the next.
  public let dilations: [Int]
  /// The padding.
  public let padding: Padding
  /// Whether a last position counts that the input does not fill.
  public let ceilMode: Bool

  /// Elements from the first to the last tap of an axis, both counted.
  func extent(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// Padding and positions for one axis of an input of this size.
  ///
  /// Positions that would start in the padding at the end are left out, as PyTorch does and as ONNX says since its
  /// operator set 22; no implementation ever counted them.
  func place(_ axis: Int, size: Int) -> (begin: Int, end: Int, output: Int) {
    let stride = strides[axis]
    switch padding {
    case .sameUpper, .sameLower:
      let output = (size + stride - 1) / stride
      let total = max(0, (output - 1) * stride + extent(axis) - size)
      let begin = padding == .sameUpper ? total / 2 : total - total / 2
      return (begin, total - begin, output)
    case .explicit(let begin, let end):
      let room = size + begin[axis] + end[axis] - extent(axis) + (ceilMode ? stride - 1 : 0)
      var output = room < 0 ? 0 : room / stride + 1
      if ceilMode, output > 0, (output - 1) * stride >= size + begin[axis] { output -= 1 }
      return (begin[axis], end[axis], output)
    }
  }

  /// The window over an input of these spatial sizes.
  ///
  /// - Throws: a shape mismatch if the window is larger than the padded input.
  public func window(over sizes: [Int], node: String) throws(GraphError) -> SlidingWindow {
    guard sizes.count == kernel.count else {
      throw .shapeMismatch(
        node: node, input: "0", expected: "\(kernel.count) spatial dimensions", found: "\(sizes.count)")
    }
    let places = sizes.indices.map { place($0, size: sizes[$0]) }
    for axis in sizes.indices where places[axis].output < 1 {
      throw .shapeMismatch(
        node: node, input: "0",
        expected: "spatial axis \(axis) to have room for a window of \(extent(axis)) positions, padding included",
        found: Shape(sizes).description)
    }
    return SlidingWindow(
      kernel: kernel, strides: strides, dilations: dilations, padsBegin: places.map(\.begin),
      padsEnd: places.map(\.end), output: places.map(\.output))
  }

  /// Spatial sizes of the result, as far as those of the input are known.
  ///
  /// A size with a name keeps it where the window preserves every size.
  public func output(over sizes: [Dimension], node: String) throws(GraphError) -> [Dimension] {
    if let known = Shape(sizes).sizes { return try window(over: known, node: node).output.map(Dimension.known) }
    guard sizes.count == kernel.count else {
      throw .shapeMismatch(
        node: node, input: "0", expected: "\(kernel.count) spatial dimensions", found: "\(sizes.count)")
    }
    return sizes.indices.map { axis in
      if let size = sizes[axis].size { return .known(place(axis, size: size).output) }
      return preservesSize(axis) ? sizes[axis] : .unknown
    }
  }

  private func preservesSize(_ axis: Int) -> Bool {
    guard strides[axis] == 1 else { return false }
    guard case .explicit(let begin, let end) = padding else { return true }
    return begin[axis] + end[axis] == extent(axis) - 1
  }
}

extension NodeContext {
  /// Reads the attributes of a sliding window.
  ///
  /// - Parameters:
  ///   - kernel: sizes of the window, if they are those of another input; `kernel_shape` must then agree.
  ///   - spatialRank: the number of spatial axes, if known.
  public func slidingWindow(kernel: [Int]? = nil, spatialRank: Int? = nil) throws(GraphError) -> SlidingWindowAttributes
  {
    let declared = try ints("kernel_shape")
    guard let kernel = kernel ?? declared else {
      throw .invalidAttribute(node: name, attribute: "kernel_shape", expected: "ints", found: "nothing")
    }
    if let declared, declared != kernel {
      throw .invalidAttribute(
        node: name, attribute: "kernel_shape", expected: "\(kernel), as the weights are", found: "\(declared)")
    }
    let rank = spatialRank ?? kernel.count
    try checkSpatial(kernel, "kernel_shape", count: rank, from: 1)
    let strides = try spatialAttribute("strides", count: rank)
    let dilations = try spatialAttribute("dilations", count: rank)
    return SlidingWindowAttributes(
      kernel: kernel, strides: strides, dilations: dilations, padding: try padding(spatialRank: rank),
      ceilMode: try bool("ceil_mode", default: false))
  }

  /// One positive whole number for each spatial axis; ones if absent.
  func spatialAttribute(_ key: String, count: Int, from least: Int = 1) throws(GraphError) -> [Int] {
    guard let values = try ints(key) else { return Array(repeating: least, count: count) }
    try checkSpatial(values, key, count: count, from: least)
    return values
  }

  /// Checks the number of values and that each is in a range in which no size computed from it overflows.
  private func checkSpatial(_ values: [Int], _ key: String, count: Int, from least: Int) throws(GraphError) {
    guard values.count == count, values.allSatisfy({ (least...Int(Int32.max)).contains($0) }) else {
      throw .invalidAttribute(
        node: name, attribute: key, expected: "\(count) numbers, each at least \(least)", found: "\(values)")
    }
  }

  /// The padding that `auto_pad` and `pads` ask for.
  func padding(spatialRank rank: Int) throws(GraphError) -> SlidingWindowAttributes.Padding {
    let none = Array(repeating: 0, count: rank)
    let mode = try string("auto_pad", default: "NOTSET")
    switch mode {
    case "SAME_UPPER": return .sameUpper
    case "SAME_LOWER": return .sameLower
    case "VALID": return .explicit(begin: none, end: none)
    case "NOTSET", "":
      let pads = try spatialAttribute("pads", count: 2 * rank, from: 0)
      return .explicit(begin: Array(pads[..<rank]), end: Array(pads[rank...]))
    default:
      throw .invalidAttribute(
        node: name, attribute: "auto_pad", expected: "NOTSET, SAME_UPPER, SAME_LOWER or VALID", found: mode)
    }
  }
}
