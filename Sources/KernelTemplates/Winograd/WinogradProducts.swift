/// Filters to be transformed and multiplied: the arguments of `WinogradProducts`, beside a block.
///
/// They are a piece of the depth of one panel of output channels.
public struct WinogradFilters {
  /// Products along one axis: 4 or 6.
  public var products: Int
  /// The taps, [tap][depth][row].
  public var taps: UnsafePointer<Float>
  /// Output channels of the panel: `GEMMKernel.rows` at most, or an even number and `tallRows` at most if the block is one vector
  /// wide.
  public var rows: Int
  /// Memory for two lines of transformed filters, [line][component][depth][row]: each component in whole vectors.
  public var transformed: UnsafeMutablePointer<Float>
  /// Elements from one component to the next, of the transformed input and of the sums.
  public var inputStride: Int, sumStride: Int

  /// Filters.
  @inlinable
  public init(
    products: Int, taps: UnsafePointer<Float>, rows: Int, transformed: UnsafeMutablePointer<Float>, inputStride: Int,
    sumStride: Int
  ) {
    self.products = products
    self.taps = taps
    self.rows = rows
    self.transformed = transformed
    self.inputStride = inputStride
    self.sumStride = sumStride
  }
}

/// Transforms filters and multiplies them with transformed input, component by component.
///
/// Two lines of the square of components are transformed and multiplied before the next two, in the same memory. A piece may
/// so be deeper than one whose components all wait in the cache, and tiles read and write their sums less often. Measured on
/// Zen 5 with the tall tiles: layers of 64 to 512 channels at 56x56 to 14x14 are 3 to 15 % faster than component by component
/// (one line at a time gains half of that; transforming on the way, within the tiles, nothing).
public enum WinogradProducts<I: ISA> {
  /// Rows of the largest tile of one vector: one load of B then serves as many FMAs as registers allow, which the loads, two
  /// in a cycle, would else keep waiting.
  @inlinable @inline(__always)
  public static var tallRows: Int { I.registers >= 32 ? 2 * GEMMKernel<I>.rows : GEMMKernel<I>.rows }

  /// Adds the products to the sums.
  ///
  /// - Parameters:
  ///   - filters: the filters.
  ///   - block: the product of the first component. Of it count the packed input with the stride of its panels, the first step
  ///     and the depth; the sums with their columns, whole vectors, and row stride, and whether there are some already; and what
  ///     to bring into the caches meanwhile.
  @inlinable @inline(__always)
  public static func run(_ filters: UnsafePointer<WinogradFilters>, _ block: UnsafePointer<GEMMBlock>) {
    if filters.pointee.products == 4 {
      run(filters, block, WinogradInput<I>.Tile<4>.self)
    } else {
      run(filters, block, WinogradInput<I>.Tile<6>.self)
    }
  }

  @inlinable @inline(__always)
  static func run<let A: Int>(
    _ filters: UnsafePointer<WinogradFilters>, _ block: UnsafePointer<GEMMBlock>, _ tile: WinogradInput<I>.Tile<A>.Type
  ) {
    // The first and the last line are the taps' own; of the others, two and two share their even part.
    transform(filters, depth: block.pointee.depth, tile, lines: (0, A - 1))
    multiply(filters, block, tile, pair: 0, lines: (0, A - 1))
    transform(filters, depth: block.pointee.depth, tile, lines: (1, 2))
    multiply(filters, block, tile, pair: 1, lines: (1, 2))
    if A == 6 {
      transform(filters, depth: block.pointee.depth, tile, lines: (3, 4))
      multiply(filters, block, tile, pair: 2, lines: (3, 4))
    }
  }

  /// Transforms the filters to two lines of components, as many at a time as a vector has lanes.
  @inlinable @inline(__always)
  static func transform<let A: Int>(
    _ filters: UnsafePointer<WinogradFilters>, depth: Int, _: WinogradInput<I>.Tile<A>.Type, lines: (Int, Int)
  ) {
    let count = filters.pointee.rows * depth
    let stride = wholeVectors(count)
    var n = 0
    while n < count {
      let mask = I.mask(first: count - n)
      let from = filters.pointee.taps + n
      var columns = InlineArray<3, InlineArray<A, I.F32>>(repeating: InlineArray(repeating: I.zero()))
      for x in 0..<3 {
        columns[x] = WinogradTransform<I, A>.filter(
          I.load(from + x * count, mask), I.load(from + (3 + x) * count, mask), I.load(from + (6 + x) * count, mask))
      }
      let to = filters.pointee.transformed + n
      let first = WinogradTransform<I, A>.filter(columns[0][lines.0], columns[1][lines.0], columns[2][lines.0])
      for j in 0..<A { I.store(to + j * stride, first[j]) }
      let second = WinogradTransform<I, A>.filter(columns[0][lines.1], columns[1][lines.1], columns[2][lines.1])
      for j in 0..<A { I.store(to + (A + j) * stride, second[j]) }
      n += I.lanes
    }
  }

  /// Elements from one component of transformed filters to the next.
  @inlinable @inline(__always)
  static func wholeVectors(_ count: Int) -> Int { (count + I.lanes - 1) / I.lanes * I.lanes }

  /// Multiplies two lines of components: the `pair`th two of the square.
  @inlinable @inline(__always)
  static func multiply<let A: Int>(
    _ filters: UnsafePointer<WinogradFilters>, _ block: UnsafePointer<GEMMBlock>, _: WinogradInput<I>.Tile<A>.Type,
    pair: Int, lines: (Int, Int)
  ) {
    let (rows, depth, columns) = (filters.pointee.rows, block.pointee.depth, block.pointee.columns)
    let stride = wholeVectors(rows * depth)
    let width = GEMMKernel<I>.vectors * I.lanes
    let panels = (columns + width - 1) / width
    // All tiles together ask memory for what comes after them, a little at every step, until all of it is asked for.
    var ahead = block.pointee.ahead ?? block.pointee.right
    let endOfAhead = ahead + block.pointee.aheadCount
    var aheadStride = (block.pointee.aheadCount + A * A * panels * depth - 1) / (A * A * panels * depth)
    ahead += pair * 2 * A * panels * depth * aheadStride
    var n = 0
    while n < 2 * A {
      let component = n < A ? lines.0 * A + n : lines.1 * A + n - A
      let a = UnsafePointer(filters.pointee.transformed) + n * stride
      let right = block.pointee.right + component * filters.pointee.inputStride
      let sums = block.pointee.output + component * filters.pointee.sumStride
      var panel = 0
      while panel < panels {
        if ahead >= endOfAhead { (ahead, aheadStride) = (block.pointee.right, 0) }
        let (b, c) = (right + panel * block.pointee.rightPanelStride, sums + panel * width)
        if columns - panel * width > I.lanes {
          multiply(block, rows: rows, a: a, b: b, c: c, ahead: ahead, aheadStride: aheadStride)
        } else {
          multiplyNarrow(block, rows: rows, a: a, b: b, c: c, ahead: ahead, aheadStride: aheadStride)
        }
        ahead += depth * aheadStride
        panel += 1
      }
      n += 1
    }
  }

  /// A tile of two vectors; not inlined, since the compiler keeps the sums of only so many tiles of a function in registers.
  @inlinable @inline(never)
  static func multiply(
    _ block: UnsafePointer<GEMMBlock>, rows: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>, ahead: UnsafePointer<Float>, aheadStride: Int
  ) {
    let place = TilePlace(
      a: a, b: b + block.pointee.rightStart * (2 * I.lanes), c: c, columns: 2 * I.lanes, row: 0, column: 0)
    GEMMKernel<I>.run(
      PackedTile<I, 2>(block: block, place: place, ahead: TileAhead(start: ahead, stride: aheadStride)), rows: rows)
  }

  /// A tile of one vector.
  @inlinable @inline(never)
  static func multiplyNarrow(
    _ block: UnsafePointer<GEMMBlock>, rows: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>, ahead: UnsafePointer<Float>, aheadStride: Int
  ) {
    let place = TilePlace(
      a: a, b: b + block.pointee.rightStart * I.lanes, c: c, columns: I.lanes, row: 0, column: 0)
    let ahead = TileAhead(start: ahead, stride: aheadStride)
    if tallRows > GEMMKernel<I>.rows && rows > GEMMKernel<I>.rows {
      GEMMKernel<I>.run(TallTile<I>(block: block, place: place, ahead: ahead), rows: rows / 2)
    } else {
      GEMMKernel<I>.run(PackedTile<I, 1>(block: block, place: place, ahead: ahead), rows: rows)
    }
  }
}
