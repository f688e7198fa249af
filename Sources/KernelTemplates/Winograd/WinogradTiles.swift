/// The grid of tiles of a block of output rows, and how tiles lie in the lanes of vectors.
///
/// A *strip* holds one row out of every tile row, one after the other: `rowLength` positions per tile row. Four positions are a
/// *quad*; `lanes` quads, four vectors of a strip, are a *group*. Transposing the quads within those four vectors
/// (`ISA.transposeQuads`) puts position p of every quad into vector p, in an order of lanes that the same operation undoes for
/// the output. A quad holds one tile of F(4, 3) or two of F(2, 3), so a group is one vector of tiles, or two: but one if only
/// the first two vectors of its strip hold quads, whose tiles then share a vector.
public struct WinogradTiles: Sendable, Hashable {
  /// Products along one axis of a tile: 4 or 6.
  public let products: Int
  /// Tile rows of the block.
  public let tileRows: Int
  /// Positions of a tile row in a strip: a multiple of 4.
  public let rowLength: Int
  /// Groups of quads.
  public let groups: Int
  /// Whether two vectors hold the quads of the last group, and one its tiles.
  public let isLastHalf: Bool
  /// Lanes of a vector.
  public let lanes: Int

  /// The tiles of `tileRows` rows of tiles over output rows of `width` positions.
  public init(products: Int, tileRows: Int, width: Int, lanes: Int) {
    self.products = products
    self.tileRows = tileRows
    self.lanes = lanes
    rowLength = (width + 3) / 4 * 4
    let quads = tileRows * rowLength / 4
    groups = (quads + lanes - 1) / lanes
    isLastHalf = products == 4 && (groups * lanes - quads) * 2 >= lanes
  }

  /// Output positions along one axis of a tile.
  @inlinable
  public var outputs: Int { products - 2 }
  /// Products of a tile and a channel.
  @inlinable
  public var components: Int { products * products }
  /// Vectors that hold one number of every tile.
  @inlinable
  public var vectors: Int { groups * (4 / outputs) - (isLastHalf ? 1 : 0) }
  /// Lanes of all of them: the columns of the products.
  @inlinable
  public var columns: Int { vectors * lanes }
  /// Elements of one strip, with the slack that whole vectors need behind it.
  ///
  /// It has one tile row more than the grid: a tile reads the first two rows of the tile below.
  @inlinable
  public var stripLength: Int { max((tileRows + 1) * rowLength, groups * 4 * lanes + rowLength) + lanes }
}
