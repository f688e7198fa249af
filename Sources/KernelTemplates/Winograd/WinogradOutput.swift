/// Sums of one output channel to be transformed back: the arguments of `WinogradOutput`.
public struct WinogradSums {
  /// The grid of tiles.
  public var tiles: WinogradTiles
  /// The channel's sums of the first component: one number for every tile.
  public var sums: UnsafePointer<Float>
  /// Elements from one component to the next.
  public var componentStride = 0
  /// `products - 2` strips.
  public var strips: UnsafeMutablePointer<Float>
  /// The block's first row of the output channel.
  public var output: UnsafeMutablePointer<Float>
  /// Rows of the block, their length.
  public var rows = 0, width = 0
  /// Added to every output.
  public var bias: Float = 0
  /// Laid out as the output.
  public var residual: UnsafePointer<Float>? = nil
  /// Bounds of the result.
  public var lowerBound = -Float.infinity, upperBound = Float.infinity

  /// Sums whose sizes are yet to be set.
  @inlinable
  public init(
    tiles: WinogradTiles, sums: UnsafePointer<Float>, strips: UnsafeMutablePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    self.tiles = tiles
    self.sums = sums
    self.strips = strips
    self.output = output
  }
}

/// Transforms the sums of one output channel back and finishes its rows: bias, residual, bounds.
public enum WinogradOutput<I: ISA> {
  /// Transforms the channel.
  @inlinable @inline(__always)
  public static func run(_ sums: borrowing WinogradSums) {
    if sums.tiles.products == 4 {
      transform(sums, WinogradInput<I>.Tile<4>.self)
    } else {
      transform(sums, WinogradInput<I>.Tile<6>.self)
    }
    finish(sums)
  }

  @inlinable @inline(__always)
  static func transform<let A: Int>(_ sums: borrowing WinogradSums, _: WinogradInput<I>.Tile<A>.Type) {
    let tiles = sums.tiles
    let length = tiles.stripLength
    var group = 0
    while group < tiles.groups {
      let to = sums.strips + group * 4 * I.lanes
      if A == 4 {
        let even = outputs(sums, vector: 2 * group, WinogradInput<I>.Tile<A>.self)
        var odd = even
        if tiles.isLastHalf && group == tiles.groups - 1 {
          for i in 0..<2 { for j in 0..<2 { odd[i][j] = I.lastPairs(even[i][j], even[i][j]) } }
        } else {
          odd = outputs(sums, vector: 2 * group + 1, WinogradInput<I>.Tile<A>.self)
        }
        for i in 0..<2 { storeQuads([even[i][0], even[i][1], odd[i][0], odd[i][1]], to: to + i * length) }
      } else {
        let tile = outputs(sums, vector: group, WinogradInput<I>.Tile<A>.self)
        for i in 0..<4 { storeQuads([tile[i][0], tile[i][1], tile[i][2], tile[i][3]], to: to + i * length) }
      }
      group += 1
    }
  }

  /// The outputs of a vector of tiles: the first `A - 2` elements of the first `A - 2` lines.
  @inlinable @inline(__always)
  static func outputs<let A: Int>(
    _ sums: borrowing WinogradSums, vector: Int, _: WinogradInput<I>.Tile<A>.Type
  ) -> InlineArray<A, InlineArray<A, I.F32>> {
    let from = sums.sums + vector * I.lanes
    var lines = InlineArray<A, InlineArray<A, I.F32>>(repeating: InlineArray(repeating: I.zero()))
    for j in 0..<A {
      var column = InlineArray<A, I.F32>(repeating: I.zero())
      for i in 0..<A { column[i] = I.load(from + (i * A + j) * sums.componentStride) }
      let y = WinogradTransform<I, A>.output(column)
      for i in 0..<(A - 2) { lines[i][j] = y[i] }
    }
    for i in 0..<(A - 2) { lines[i] = WinogradTransform<I, A>.output(lines[i]) }
    return lines
  }

  @inlinable @inline(__always)
  static func storeQuads(_ quads: InlineArray<4, I.F32>, to strip: UnsafeMutablePointer<Float>) {
    let turned = I.transposeQuads(quads)
    for n in 0..<4 { I.store(strip + n * I.lanes, turned[n]) }
  }

  /// From the strips to the output.
  @inlinable @inline(__always)
  static func finish(_ sums: borrowing WinogradSums) {
    let tiles = sums.tiles
    let length = tiles.stripLength
    let (lower, upper) = (I.broadcast(sums.lowerBound), I.broadcast(sums.upperBound))
    let bias = I.broadcast(sums.bias)
    var y = 0
    while y < sums.rows {
      let (tileRow, i) = (y / tiles.outputs, y % tiles.outputs)
      let from = sums.strips + i * length + tileRow * tiles.rowLength
      let place = y * sums.width
      var x = 0
      while x < sums.width {
        let mask = I.mask(first: sums.width - x)
        var v = I.add(I.load(from + x), bias)
        if let residual = sums.residual { v = I.add(v, I.load(residual + place + x, mask)) }
        I.store(sums.output + place + x, I.min(upper, I.max(lower, v)), mask)
        x += I.lanes
      }
      y += 1
    }
  }
}
