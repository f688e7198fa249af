/// Filters to be transformed: the arguments of `WinogradFilter`.
public struct WinogradFilters {
  /// Products along one axis: 4 or 6.
  public var products: Int
  /// Nine runs of `count` elements, one for each tap.
  public var taps: UnsafePointer<Float>
  /// Filters.
  public var count: Int
  /// The transformed filters of the first component, with one vector of slack behind every component.
  public var target: UnsafeMutablePointer<Float>
  /// Elements from one component to the next.
  public var componentStride: Int

  /// Filters.
  @inlinable
  public init(
    products: Int, taps: UnsafePointer<Float>, count: Int, target: UnsafeMutablePointer<Float>, componentStride: Int
  ) {
    self.products = products
    self.taps = taps
    self.count = count
    self.target = target
    self.componentStride = componentStride
  }
}

/// Transforms filters, as many at a time as a vector has lanes.
public enum WinogradFilter<I: ISA> {
  /// Transforms the filters.
  @inlinable @inline(__always)
  public static func run(_ filters: borrowing WinogradFilters) {
    if filters.products == 4 {
      transform(filters, WinogradInput<I>.Tile<4>.self)
    } else {
      transform(filters, WinogradInput<I>.Tile<6>.self)
    }
  }

  @inlinable @inline(__always)
  static func transform<let A: Int>(_ filters: borrowing WinogradFilters, _: WinogradInput<I>.Tile<A>.Type) {
    let (count, stride) = (filters.count, filters.componentStride)
    var n = 0
    while n < count {
      let mask = I.mask(first: count - n)
      let from = filters.taps + n
      var lines = InlineArray<3, InlineArray<A, I.F32>>(repeating: InlineArray(repeating: I.zero()))
      for x in 0..<3 {
        lines[x] = WinogradTransform<I, A>.filter(
          I.load(from + x * count, mask), I.load(from + (3 + x) * count, mask), I.load(from + (6 + x) * count, mask))
      }
      // Line by line without a loop: the lines stay in registers.
      let to = filters.target + n
      storeLine(0, lines, to, stride)
      storeLine(1, lines, to, stride)
      storeLine(2, lines, to, stride)
      storeLine(3, lines, to, stride)
      if A == 6 {
        storeLine(4, lines, to, stride)
        storeLine(5, lines, to, stride)
      }
      n += I.lanes
    }
  }

  /// Transforms line `i` along the second axis and stores its components.
  @inlinable @inline(__always)
  static func storeLine<let A: Int>(
    _ i: Int, _ lines: InlineArray<3, InlineArray<A, I.F32>>, _ to: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    let u = WinogradTransform<I, A>.filter(lines[0][i], lines[1][i], lines[2][i])
    for j in 0..<A { I.store(to + (i * A + j) * stride, u[j]) }
  }
}
