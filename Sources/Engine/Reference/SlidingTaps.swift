import Graph

/// What one tap of a sliding window reads, for all positions of the window whose tap lies inside the image.
///
/// References walk tap by tap: each pairs runs of positions with runs of input elements, without a test for padding inside.
struct SlidingTap: Sendable {
  /// Neighbouring positions of the window along the last axis.
  struct Run: Sendable {
    /// The first position, as an index into one channel of the result.
    let output: Int
    /// What the tap reads there, as an index into one channel of the image.
    let input: Int
    /// The number of positions.
    let count: Int
  }

  /// All positions.
  let runs: [Run]
  /// Elements between what the tap reads at neighbouring positions.
  let step: Int

  /// The taps of a window over an image of these spatial sizes, in row-major order.
  static func all(of window: SlidingWindow, over input: [Int]) -> [SlidingTap] {
    taps(window.kernel.map { 0..<$0 }, of: window, over: input)
  }

  /// The same without taps that lie outside the image for every position, of which a window may have any number.
  static func reading(_ window: SlidingWindow, over input: [Int]) -> [SlidingTap] {
    let ranges = (0..<window.rank).map { axis in
      let (pad, dilation) = (window.padsBegin[axis], window.dilations[axis])
      func taps(before place: Int) -> Int { max(0, min(window.kernel[axis], (place + dilation - 1) / dilation)) }
      let first = taps(before: pad - (window.output[axis] - 1) * window.strides[axis])
      return first..<max(first, taps(before: input[axis] + pad))
    }
    return ranges.contains(where: \.isEmpty) ? [] : taps(ranges, of: window, over: input)
  }

  private static func taps(_ ranges: [Range<Int>], of window: SlidingWindow, over input: [Int]) -> [SlidingTap] {
    var taps: [SlidingTap] = []
    let counts = ranges.map(\.count)
    var tap = [Int](repeating: 0, count: window.rank)
    repeat {
      let place = zip(ranges, tap).map { $0.lowerBound + $1 }
      taps.append(SlidingTap(window: window, tap: place, input: input))
    } while advance(&tap, within: counts)
    return taps
  }

  private init(window: SlidingWindow, tap: [Int], input: [Int]) {
    let last = window.rank - 1
    step = window.strides[last]
    let shifts = (0...last).map { tap[$0] * window.dilations[$0] - window.padsBegin[$0] }
    let inside = (0...last).map { axis in
      Self.positions(shift: shifts[axis], stride: window.strides[axis], size: input[axis], count: window.output[axis])
    }
    guard inside.allSatisfy({ !$0.isEmpty }) else {
      runs = []
      return
    }
    var all: [Run] = []
    var row = [Int](repeating: 0, count: last)
    let rows = inside[..<last].map(\.count)
    repeat {
      var (output, source) = (0, 0)
      for axis in 0..<last {
        let position = inside[axis].lowerBound + row[axis]
        output = output * window.output[axis] + position
        source = source * input[axis] + position * window.strides[axis] + shifts[axis]
      }
      let first = inside[last].lowerBound
      all.append(
        Run(
          output: output * window.output[last] + first,
          input: source * input[last] + first * window.strides[last] + shifts[last], count: inside[last].count))
    } while advance(&row, within: rows)
    runs = all
  }

  /// Positions p with 0 <= p * stride + shift < size.
  private static func positions(shift: Int, stride: Int, size: Int, count: Int) -> Range<Int> {
    let first = shift >= 0 ? 0 : (-shift + stride - 1) / stride
    let end = size <= shift ? 0 : (size - shift - 1) / stride + 1
    return first < min(end, count) ? first..<min(end, count) : 0..<0
  }
}

/// Counts an index up by one, the last axis fastest.
///
/// - Returns: false once all were visited; the index is then zero again.
func advance(_ index: inout [Int], within sizes: some Collection<Int>) -> Bool {
  var axis = index.count - 1
  for size in sizes.reversed() {
    index[axis] += 1
    if index[axis] < size { return true }
    index[axis] = 0
    axis -= 1
  }
  return false
}
