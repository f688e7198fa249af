/// One attention head, or some of its query rows: output = softmax(scale · Q · Kᵀ + mask) · V.
///
/// Q is [queries, depth], K [keys, depth], V [keys, valueDepth], each with its own row stride, so that heads may lie one after
/// the other ([batch, heads, tokens, depth]) or side by side ([batch, tokens, heads · depth]).
public struct AttentionBlock {
  /// First element of Q.
  public var query: UnsafePointer<Float>
  /// First element of K.
  public var key: UnsafePointer<Float>
  /// First element of V.
  public var value: UnsafePointer<Float>
  /// First element of the output, [queries, valueDepth].
  public var output: UnsafeMutablePointer<Float>
  /// Elements from one row to the next.
  public var queryRowStride = 0, keyRowStride = 0, valueRowStride = 0, outputRowStride = 0
  /// Rows of Q, and of K and V.
  public var queries = 0, keys = 0
  /// Columns of Q and K, and of V.
  public var depth = 0, valueDepth = 0
  /// Factor of the scores.
  public var scale: Float = 1
  /// Added to the scores: element (query, key) is at `mask[query * maskRowStride + key * maskKeyStride]`.
  public var mask: UnsafePointer<Float>? = nil
  /// Strides of the mask; 0 where it is broadcast.
  public var maskRowStride = 0, maskKeyStride = 0
  /// Query i sees the keys up to and including i + `lastVisibleKey`; `Int.max / 2` is all.
  public var lastVisibleKey = Int.max / 2
  /// A row whose probabilities are no numbers, since all keys are hidden or a score is NaN, is 0 and not NaN.
  public var undefinedRowsAreZero = false
  /// `AttentionKernel.scratchCount` elements, aligned to 64 bytes.
  public var scratch: UnsafeMutablePointer<Float>

  /// A block whose sizes are yet to be set.
  @inlinable
  public init(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.scratch = scratch
  }
}

/// Attention by blocks of keys with a running softmax: scores stay in the first-level cache.
///
/// For every block of keys, K transposed and V are packed into column panels; tiles of query rows pass over them. A tile's
/// scores are exponentiated against the largest score so far, and what earlier blocks summed is scaled down when that grows.
///
/// Dao, Fu, Ermon, Rudra and Ré, "FlashAttention" (2022); the running softmax is Milakov and Gimelshein's (2018).
public enum AttentionKernel<I: ISA> {
  /// Keys of a block: their panels of K and V, with depth 64, take 128 KiB.
  @inlinable @inline(__always)
  public static var blockKeys: Int { 256 }
  /// Columns of Q that a tile holds at once.
  @inlinable @inline(__always)
  static var blockDepth: Int { 256 }
  /// Elements from one row of a tile to the next.
  ///
  /// Seventeen cache lines, so that rows fall into different sets. A constant,
  /// so that all rows are addressed from one register.
  @inlinable @inline(__always)
  static var tileStride: Int { 272 }
  /// Rows of the largest tile.
  @inlinable @inline(__always)
  public static var rows: Int { I.registers >= 32 ? 12 : 6 }
  /// Columns of a panel: two vectors.
  @inlinable @inline(__always)
  static var panelColumns: Int { 2 * I.lanes }

  /// Elements of scratch for a block of these sizes.
  @inlinable
  public static func scratchCount(queries: Int, keys: Int, depth: Int, valueDepth: Int) -> Int {
    let columns = roundedUp(valueDepth)
    let block = Swift.min(blockKeys, roundedUp(keys))
    // Q tile, P tile, K panels, V panels, and per query the largest score, the sum and a factor.
    return 2 * rows * tileStride + block * depth + block * columns + 3 * queries
  }

  @inlinable @inline(__always)
  static func roundedUp(_ columns: Int) -> Int { (columns + panelColumns - 1) / panelColumns * panelColumns }

  /// Runs the block.
  @inlinable @inline(__always)
  public static func run(_ block: borrowing AttentionBlock) {
    let scores = block.scratch + rows * tileStride
    let keyPanels = scores + rows * tileStride
    let blockCount = Swift.min(blockKeys, roundedUp(block.keys))
    let valuePanels = keyPanels + blockCount * block.depth
    let largest = valuePanels + blockCount * roundedUp(block.valueDepth)
    let sums = largest + block.queries
    let factors = sums + block.queries
    var first = 0
    // What the last query sees: keys beyond it are nobody's. The first block is always worked on, since it writes the output.
    let visible = Swift.max(1, Swift.min(block.keys, block.queries + block.lastVisibleKey))
    while first < visible {
      let count = Swift.min(blockKeys, visible - first)
      packKeys(block, first: first, count: count, into: keyPanels)
      packValues(block, first: first, count: count, into: valuePanels)
      let piece = Piece(
        first: first, count: count, isLast: first + count == visible, keyPanels: keyPanels, valuePanels: valuePanels,
        largest: largest, sums: sums, factors: factors)
      var row = 0
      while row + rows <= block.queries {
        if I.registers >= 32 {
          tile(RowCount<12>.self, block, piece, row: row)
        } else {
          tile(RowCount<6>.self, block, piece, row: row)
        }
        row += rows
      }
      if I.registers >= 32, row + 8 <= block.queries {
        tile(RowCount<8>.self, block, piece, row: row)
        row += 8
      }
      while row + 4 <= block.queries {
        tile(RowCount<4>.self, block, piece, row: row)
        row += 4
      }
      while row < block.queries {
        tile(RowCount<1>.self, block, piece, row: row)
        row += 1
      }
      first += count
    }
  }

  /// One block of keys: where it begins, its panels, and the running state of all queries.
  public struct Piece {
    @usableFromInline let first: Int
    @usableFromInline let count: Int
    @usableFromInline let isLast: Bool
    @usableFromInline let keyPanels: UnsafeMutablePointer<Float>
    @usableFromInline let valuePanels: UnsafeMutablePointer<Float>
    @usableFromInline let largest: UnsafeMutablePointer<Float>
    @usableFromInline let sums: UnsafeMutablePointer<Float>
    @usableFromInline let factors: UnsafeMutablePointer<Float>

    @inlinable @inline(__always)
    init(
      first: Int, count: Int, isLast: Bool, keyPanels: UnsafeMutablePointer<Float>,
      valuePanels: UnsafeMutablePointer<Float>, largest: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
      factors: UnsafeMutablePointer<Float>
    ) {
      self.first = first
      self.count = count
      self.isLast = isLast
      self.keyPanels = keyPanels
      self.valuePanels = valuePanels
      self.largest = largest
      self.sums = sums
      self.factors = factors
    }
  }

  /// Names a tile's count of rows.
  public enum RowCount<let MR: Int> {}

  /// The scores of MR queries against a block of keys, their exponentials, and their product with V.
  @inlinable @inline(__always)
  static func tile<let MR: Int>(
    _: RowCount<MR>.Type, _ block: borrowing AttentionBlock, _ piece: Piece, row: Int
  ) {
    let queries = block.scratch
    let scores = block.scratch + rows * tileStride
    var start = 0
    repeat {
      let count = Swift.min(blockDepth, block.depth - start)
      loadQueries(MR, block, row: row, start: start, count: count, into: queries)
      var j = 0
      while j < piece.count {
        let panel = piece.keyPanels + j * block.depth + start * panelColumns
        multiply(
          RowCount<MR>.self, depth: count, rows: queries, panel: panel, into: scores + j, accumulates: start > 0)
        j += panelColumns
      }
      start += count
    } while start < block.depth

    var i = 0
    while i < MR {
      findLargest(scores + i * tileStride, block, piece, row: row + i)
      i += 1
    }
    // The rows' largest scores, whose search ends in a chain of shuffles, are all on their way before the first is waited for.
    i = 0
    while i < MR {
      exponentiate(scores + i * tileStride, piece, row: row + i)
      i += 1
    }

    // The tile of queries is done with: its memory takes the products.
    var column = 0
    while column < block.valueDepth {
      multiply(
        RowCount<MR>.self, depth: piece.count, rows: scores, panel: piece.valuePanels + column * piece.count,
        into: queries, accumulates: false)
      i = 0
      while i < MR {
        finish(queries + i * tileStride, block, piece, row: row + i, column: column)
        i += 1
      }
      column += panelColumns
    }
  }

  /// Adds a row of products to what earlier blocks summed; after the last block divides by the exponentials' sum.
  @inlinable @inline(__always)
  static func finish(
    _ products: UnsafeMutablePointer<Float>, _ block: borrowing AttentionBlock, _ piece: Piece, row: Int, column: Int
  ) {
    let output = block.output + row * block.outputRowStride + column
    let first = I.mask(first: block.valueDepth - column)
    let second = I.mask(first: block.valueDepth - column - I.lanes)
    var (low, high) = (I.load(products), I.load(products + I.lanes))
    if piece.first > 0 {
      let factor = I.broadcast(piece.factors[row])
      low = I.fma(I.load(output, first), factor, low)
      high = I.fma(I.load(output + I.lanes, second), factor, high)
    }
    if piece.isLast {
      let sum = piece.sums[row]
      if sum > 0 {
        let inverse = I.broadcast(1 / sum)
        (low, high) = (I.mul(low, inverse), I.mul(high, inverse))
      } else {
        low = I.broadcast(block.undefinedRowsAreZero ? 0 : .nan)
        high = low
      }
    }
    I.store(output, low, first)
    I.store(output + I.lanes, high, second)
  }

  /// A register tile of rows · panel.
  ///
  /// Rows, and the results, are `tileStride` apart, the panel is [depth][2 * lanes].
  @inlinable @inline(__always)
  static func multiply<let MR: Int>(
    _: RowCount<MR>.Type, depth: Int, rows: UnsafeMutablePointer<Float>, panel: UnsafeMutablePointer<Float>,
    into output: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    var tile = InlineArray<MR, InlineArray<2, I.F32>>(repeating: InlineArray(repeating: I.zero()))
    var k = 0
    while k < depth {
      let b0 = I.load(panel + k * panelColumns)
      let b1 = I.load(panel + k * panelColumns + I.lanes)
      for i in 0..<MR {
        let a = I.broadcast(rows[i * tileStride + k])
        tile[i][0] = I.fma(a, b0, tile[i][0])
        tile[i][1] = I.fma(a, b1, tile[i][1])
      }
      k += 1
    }
    if accumulates {
      for i in 0..<MR {
        for v in 0..<2 { tile[i][v] = I.add(tile[i][v], I.load(output + i * tileStride + v * I.lanes)) }
      }
    }
    for i in 0..<MR { for v in 0..<2 { I.store(output + i * tileStride + v * I.lanes, tile[i][v]) } }
  }

  /// Adds the mask to a row of scores and finds the row's largest score so far, and with it the factor for what earlier blocks
  /// summed.
  @inlinable @inline(__always)
  static func findLargest(
    _ scores: UnsafeMutablePointer<Float>, _ block: borrowing AttentionBlock, _ piece: Piece, row: Int
  ) {
    let count = piece.count
    let whole = count / I.lanes * I.lanes
    let rest = I.mask(first: count - whole)
    // Keys from here on are not seen by this query.
    let visible = Swift.max(0, Swift.min(count, row + block.lastVisibleKey + 1 - piece.first))
    var high = I.broadcast(-.infinity)
    var k = 0
    if let masks = block.mask, block.maskKeyStride == 1, visible == count {
      let mask = masks + row * block.maskRowStride + piece.first
      while k < whole {
        let score = I.add(I.load(scores + k), I.load(mask + k))
        I.store(scores + k, score)
        high = I.max(score, high)
        k += I.lanes
      }
      if whole < count {
        let score = I.add(I.load(scores + whole, rest), I.load(mask + whole, rest))
        I.store(scores + whole, score, rest)
        high = I.max(I.select(rest, score, I.broadcast(-.infinity)), high)
      }
    } else {
      if let masks = block.mask {
        let mask = masks + row * block.maskRowStride + piece.first * block.maskKeyStride
        while k < count {
          scores[k] += mask[k * block.maskKeyStride]
          k += 1
        }
      }
      k = visible
      while k < count {
        scores[k] = -.infinity
        k += 1
      }
      k = 0
      while k < whole {
        high = I.max(I.load(scores + k), high)
        k += I.lanes
      }
      if whole < count { high = I.max(I.select(rest, I.load(scores + whole, rest), I.broadcast(-.infinity)), high) }
    }
    var largest = I.maximum(high)
    if piece.first > 0 {
      let before = piece.largest[row]
      if before > largest { largest = before }
      let change = I.broadcast(before - reference(largest))
      piece.factors[row] = I.sum(I.select(I.mask(first: 1), VectorMath<I>.expFlushed(change), I.zero()))
    }
    piece.largest[row] = largest
  }

  /// What is subtracted from scores before the exponential; for a row whose keys are all hidden so far any finite number gives
  /// it zeros.
  @inlinable @inline(__always)
  static func reference(_ largest: Float) -> Float { largest == -.infinity ? 0 : largest }

  /// Turns a row of scores into exponentials against the row's largest score so far, and updates the row's sum.
  @inlinable @inline(__always)
  static func exponentiate(_ scores: UnsafeMutablePointer<Float>, _ piece: Piece, row: Int) {
    let count = piece.count
    let whole = count / I.lanes * I.lanes
    let offset = I.broadcast(reference(piece.largest[row]))
    var sum = I.zero()
    var k = 0
    while k < whole {
      let e = VectorMath<I>.expFlushed(I.sub(I.load(scores + k), offset))
      I.store(scores + k, e)
      sum = I.add(sum, e)
      k += I.lanes
    }
    if whole < count {
      let rest = I.mask(first: count - whole)
      let e = VectorMath<I>.expFlushed(I.sub(I.load(scores + whole, rest), offset))
      I.store(scores + whole, e, rest)
      sum = I.add(sum, I.select(rest, e, I.zero()))
    }
    let total = I.sum(sum)
    piece.sums[row] = piece.first > 0 ? piece.sums[row] * piece.factors[row] + total : total
  }

  /// Copies rows of Q, scaled.
  @inlinable @inline(__always)
  static func loadQueries(
    _ rows: Int, _ block: borrowing AttentionBlock, row: Int, start: Int, count: Int,
    into queries: UnsafeMutablePointer<Float>
  ) {
    let scale = I.broadcast(block.scale)
    let whole = count / I.lanes * I.lanes
    let rest = I.mask(first: count - whole)
    var i = 0
    while i < rows {
      let from = block.query + (row + i) * block.queryRowStride + start
      let to = queries + i * tileStride
      var d = 0
      while d < whole {
        I.store(to + d, I.mul(I.load(from + d), scale))
        d += I.lanes
      }
      if whole < count { I.store(to + whole, I.mul(I.load(from + whole, rest), scale), rest) }
      i += 1
    }
  }

  /// Packs rows of K as the columns of panels: [panel][depth][2 * lanes], with zeros past the last.
  @inlinable @inline(__always)
  static func packKeys(
    _ block: borrowing AttentionBlock, first: Int, count: Int, into panels: UnsafeMutablePointer<Float>
  ) {
    let squares = block.depth / I.lanes * I.lanes
    var key = 0
    while key < roundedUp(count) {
      let from = block.key + (first + key) * block.keyRowStride
      // Column `key` of its panel; a panel's columns are two vectors.
      let to = panels + key / panelColumns * panelColumns * block.depth + key % panelColumns
      let there = Swift.min(I.lanes, count - key)
      var d = 0
      if there == I.lanes {
        while d < squares {
          I.transpose(from + d, block.keyRowStride, to + d * panelColumns, panelColumns)
          d += I.lanes
        }
      }
      while d < block.depth {
        var lane = 0
        while lane < I.lanes {
          to[d * panelColumns + lane] = lane < there ? from[lane * block.keyRowStride + d] : 0
          lane += 1
        }
        d += 1
      }
      key += I.lanes
    }
  }

  /// Packs rows of V: [panel][key][2 * lanes], with zeros past the last column.
  @inlinable @inline(__always)
  static func packValues(
    _ block: borrowing AttentionBlock, first: Int, count: Int, into panels: UnsafeMutablePointer<Float>
  ) {
    var column = 0
    while column < block.valueDepth {
      let low = I.mask(first: block.valueDepth - column)
      let high = I.mask(first: block.valueDepth - column - I.lanes)
      let from = block.value + first * block.valueRowStride + column
      let to = panels + column * count
      var k = 0
      while k < count {
        I.store(to + k * panelColumns, I.load(from + k * block.valueRowStride, low))
        I.store(to + k * panelColumns + I.lanes, I.load(from + k * block.valueRowStride + I.lanes, high))
        k += 1
      }
      column += panelColumns
    }
  }
}
