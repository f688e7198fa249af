/// One channel of a block of tiles to be transformed: the arguments of `WinogradInput`.
public struct WinogradPlane {
  /// The grid of tiles.
  public var tiles: WinogradTiles
  /// The channel.
  public var input: UnsafePointer<Float>
  /// Its size.
  public var height = 0, width = 0
  /// Row and column of the channel that the block's first tile begins with; negative in the padding.
  public var firstRow = 0, firstColumn = 0
  /// `2 * (products - 2)` strips.
  public var strips: UnsafeMutablePointer<Float>
  /// Where the channel's tiles of the first component go: its row in the first of the packed panels of B.
  public var target: UnsafeMutablePointer<Float>
  /// Elements from one panel to the next, and from one component to the next.
  public var panelStride = 0, componentStride = 0
  /// Vectors of a panel, and what is to be added to `target` in the last panel, which may be narrower.
  public var panelVectors = 1, lastPanelShift = 0

  /// A plane whose sizes are yet to be set.
  @inlinable
  public init(
    tiles: WinogradTiles, input: UnsafePointer<Float>, strips: UnsafeMutablePointer<Float>,
    target: UnsafeMutablePointer<Float>
  ) {
    self.tiles = tiles
    self.input = input
    self.strips = strips
    self.target = target
  }
}

/// Transforms the tiles of one channel, which become one row of every component's B matrix.
public enum WinogradInput<I: ISA> {
  /// Transforms the channel.
  @inlinable @inline(__always)
  public static func run(_ plane: borrowing WinogradPlane) {
    if plane.tiles.products == 4 { transform(plane, Tile<4>.self) } else { transform(plane, Tile<6>.self) }
  }

  /// Names the products along one axis.
  public enum Tile<let A: Int> {}

  @inlinable @inline(__always)
  static func transform<let A: Int>(_ plane: borrowing WinogradPlane, _: Tile<A>.Type) {
    let tiles = plane.tiles
    let length = tiles.stripLength
    fill(plane, outputs: A - 2)
    let shifted = plane.strips + (A - 2) * length
    var group = 0
    while group < tiles.groups {
      let place = group * 4 * I.lanes
      var even = InlineArray<A, InlineArray<A, I.F32>>(repeating: InlineArray(repeating: I.zero()))
      var odd = even
      for i in 0..<A {
        // The last two rows of a tile are the first two of the tile below.
        let at = i < A - 2 ? i * length + place : (i - (A - 2)) * length + tiles.rowLength + place
        let here = quads(plane.strips + at)
        let next = quads(shifted + at)
        if A == 4 {
          even[i] = WinogradTransform<I, A>.input(line(here[0], here[1], here[2], here[3], here[0], here[0]))
          odd[i] = WinogradTransform<I, A>.input(line(here[2], here[3], next[0], next[1], here[0], here[0]))
        } else {
          even[i] = WinogradTransform<I, A>.input(line(here[0], here[1], here[2], here[3], next[0], next[1]))
        }
      }
      if A == 4 && tiles.isLastHalf && group == tiles.groups - 1 {
        for i in 0..<A { for j in 0..<A { even[i][j] = I.firstPairs(even[i][j], odd[i][j]) } }
        store(even, plane, vector: 2 * group)
      } else if A == 4 {
        store(even, plane, vector: 2 * group)
        store(odd, plane, vector: 2 * group + 1)
      } else {
        store(even, plane, vector: group)
      }
      group += 1
    }
  }

  /// The first `A` of six vectors.
  @inlinable @inline(__always)
  static func line<let A: Int>(
    _ a: I.F32, _ b: I.F32, _ c: I.F32, _ d: I.F32, _ e: I.F32, _ f: I.F32
  ) -> InlineArray<A, I.F32> {
    var line = InlineArray<A, I.F32>(repeating: a)
    (line[1], line[2], line[3]) = (b, c, d)
    if A == 6 { (line[4], line[5]) = (e, f) }
    return line
  }

  /// A group of a strip, one vector for each position of its quads.
  @inlinable @inline(__always)
  static func quads(_ strip: UnsafePointer<Float>) -> InlineArray<4, I.F32> {
    I.transposeQuads([
      I.load(strip), I.load(strip + I.lanes), I.load(strip + 2 * I.lanes), I.load(strip + 3 * I.lanes),
    ])
  }

  /// The second axis, column by column, and to the panels.
  @inlinable @inline(__always)
  static func store<let A: Int>(
    _ rows: InlineArray<A, InlineArray<A, I.F32>>, _ plane: borrowing WinogradPlane, vector: Int
  ) {
    let panel = vector / plane.panelVectors
    let last = (plane.tiles.vectors - 1) / plane.panelVectors
    let to =
      plane.target + panel * plane.panelStride + (vector - panel * plane.panelVectors) * I.lanes
      + (panel == last ? plane.lastPanelShift : 0)
    for j in 0..<A {
      var column = InlineArray<A, I.F32>(repeating: I.zero())
      for i in 0..<A { column[i] = rows[i][j] }
      let t = WinogradTransform<I, A>.input(column)
      for i in 0..<A { I.store(to + (i * A + j) * plane.componentStride, t[i]) }
    }
  }

  /// Fills the strips: row i of every tile, with the padding; then the same four positions further on.
  @inlinable @inline(__always)
  static func fill(_ plane: borrowing WinogradPlane, outputs: Int) {
    let tiles = plane.tiles
    let length = tiles.stripLength
    let (height, width) = (plane.height, plane.width)
    var y = 0
    while y < tiles.tileRows * outputs + 2 {
      let (tileRow, i) = (y / outputs, y % outputs)
      let strip = plane.strips + i * length + tileRow * tiles.rowLength
      let row = plane.firstRow + y
      let isInside = row >= 0 && row < height
      let source = plane.input + (isInside ? row : 0) * width
      copyRow(source, plane.firstColumn, isInside ? width : 0, to: strip, count: tiles.rowLength)
      copyRow(
        source, plane.firstColumn + 4, isInside ? width : 0, to: strip + outputs * length, count: tiles.rowLength)
      y += 1
    }
  }

  /// target[x] = source[first + x] where that is one of `width` elements, else 0; writes whole vectors.
  @inlinable @inline(__always)
  static func copyRow(
    _ source: UnsafePointer<Float>, _ first: Int, _ width: Int, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    var x = 0
    while x < count && first + x < 0 {
      target[x] = 0
      x += 1
    }
    while x < count {
      I.store(target + x, I.load(source + first + x, I.mask(first: width - first - x)))
      x += I.lanes
    }
  }
}
