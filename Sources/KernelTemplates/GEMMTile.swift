import CIntrinsics

/// One register tile of C: the product of a packed A panel and a packed B panel, finished and stored.
///
/// The tile has `MR` rows of `NR` vectors. Products are summed in order of k, one FMA each. Rows and vectors left over at the
/// matrix's edges have tiles of their own size (the caller picks `MR` and `NR`); lanes past the last column are masked.
///
/// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), section 4.
public enum GEMMTile<I: ISA, let MR: Int, let NR: Int> {
  /// The tile's sums, in registers.
  public typealias Sums = InlineArray<MR, InlineArray<NR, I.F32>>

  /// Runs one tile.
  ///
  /// The arguments are many because the compiler keeps the largest tile's sums in registers only if they come one by one.
  ///
  /// - Parameters:
  ///   - depth: depth of the panels.
  ///   - a: panel [depth][MR].
  ///   - b: panel [depth][NR * lanes].
  ///   - c: first element of the tile, row-major.
  ///   - columns: columns that C has here, NR * lanes at most; more than (NR - 1) * lanes.
  ///   - row: index of the tile's first row in C, for the epilogue.
  ///   - column: index of its first column.
  ///   - next: what the tile asks memory for: one element, and its cache line, for each step of depth.
  ///   - nextStride: elements from one request to the next.
  ///   - block: everything that the tiles of a block share.
  @inlinable @inline(__always)
  public static func run(
    depth: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int,
    row: Int, column: Int, next: UnsafePointer<Float>, nextStride: Int, block: borrowing GEMMBlock
  ) {
    var sums = Sums(repeating: InlineArray(repeating: I.zero()))
    // Four lanes compute slowly enough for the processor's own fetching, and their tile has no register to spare.
    let fetches = I.lanes >= 8
    if fetches { fetchOutput(c, depth: depth, block: block) }
    var ahead = next
    var p = 0
    while p < depth {
      if fetches {
        isa_prefetch(ahead)
        ahead += nextStride
      }
      let bp = b + p * (NR * I.lanes)
      let ap = a + p * MR
      // A comes from the second-level cache; a tile of one vector has no load to spare.
      if fetches && NR > 1 { isa_prefetch_near(ap + 192) }
      for i in 0..<MR {
        let ai = I.broadcast(ap[i])
        for j in 0..<NR { sums[i][j] = I.fma(ai, I.load(bp + j * I.lanes), sums[i][j]) }
      }
      p += 1
    }
    finish(&sums, c: c, columns: columns, row: row, column: column, block: block)
  }

  /// Fetches C while the sums are made: its rows lie far apart, and a store to a line that is not there waits.
  ///
  /// Memory answers later than a tile of little depth is done, which therefore fetches for the tile to its right. Measured on
  /// Zen 5: 16 channels to 96 at 112x112 take a quarter more time if nothing is fetched.
  @inlinable @inline(__always)
  static func fetchOutput(_ c: UnsafeMutablePointer<Float>, depth: Int, block: borrowing GEMMBlock) {
    let first = depth < 64 ? c + NR * I.lanes : c
    for i in 0..<MR {
      for line in 0..<(NR * I.lanes + 15) / 16 { isa_prefetch(first + i * block.rowStride + line * 16) }
    }
  }

  /// Runs one tile on columns of B that are not packed, and packs them on the way.
  ///
  /// Multiplying leaves most of the loads and stores free that packing needs. Measured on Zen 5: 1x1 convolutions of 64 to 256
  /// channels at 56x56 gain 5 to 9 %, those of 16 to 32 channels 10 to 25 %.
  ///
  /// - Parameters:
  ///   - b: panel [depth][NR * lanes] to be filled.
  ///   - places: each vector of B, without the shift of its step.
  ///   - offsets: shift of each step.
  @inlinable @inline(__always)
  public static func runPackingRight(
    depth: Int, a: UnsafePointer<Float>, b: UnsafeMutablePointer<Float>,
    places: InlineArray<NR, UnsafePointer<Float>>, offsets: UnsafePointer<Int>, c: UnsafeMutablePointer<Float>,
    row: Int, column: Int, block: borrowing GEMMBlock
  ) {
    var sums = Sums(repeating: InlineArray(repeating: I.zero()))
    let fetches = I.lanes >= 8
    if fetches { fetchOutput(c, depth: depth, block: block) }
    var p = 0
    while p < depth {
      let offset = offsets[p]
      let to = b + p * (NR * I.lanes)
      let ap = a + p * MR
      var bp = InlineArray<NR, I.F32>(repeating: I.zero())
      for j in 0..<NR {
        bp[j] = I.load(places[j] + offset)
        I.store(to + j * I.lanes, bp[j])
      }
      // The next panel's columns; each step is on a page of its own, whose lines the processor does not foresee.
      if fetches {
        for line in 0..<(NR * I.lanes + 15) / 16 { isa_prefetch(places[0] + (offset + NR * I.lanes + line * 16)) }
      }
      for i in 0..<MR {
        let ai = I.broadcast(ap[i])
        for j in 0..<NR { sums[i][j] = I.fma(ai, bp[j], sums[i][j]) }
      }
      p += 1
    }
    finish(&sums, c: c, columns: NR * I.lanes, row: row, column: column, block: block)
  }

  /// Runs one tile on rows of A that are not packed, and packs them on the way.
  ///
  /// - Parameters:
  ///   - a: panel [depth][MR] to be filled, and one vector of slack.
  ///   - place: the first row, without the shift of its step; the other rows follow.
  ///   - offsets: shift of each step.
  @inlinable @inline(__always)
  public static func runPackingLeft(
    depth: Int, a: UnsafeMutablePointer<Float>, place: UnsafePointer<Float>, offsets: UnsafePointer<Int>,
    b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int, row: Int, column: Int,
    next: UnsafePointer<Float>, nextStride: Int, block: borrowing GEMMBlock
  ) {
    var sums = Sums(repeating: InlineArray(repeating: I.zero()))
    let fetches = I.lanes >= 8
    if fetches { fetchOutput(c, depth: depth, block: block) }
    let mask = I.mask(first: (MR + I.lanes - 1) % I.lanes + 1)
    var ahead = next
    var p = 0
    while p < depth {
      let ap = place + offsets[p]
      if fetches {
        isa_prefetch(ahead)
        ahead += nextStride
        // The end of the next panel's rows.
        isa_prefetch(ap + (2 * MR - 1))
      }
      let to = a + p * MR
      for v in 0..<(MR + I.lanes - 1) / I.lanes {
        // What is too much is overwritten by the next step, or is slack.
        I.store(
          to + v * I.lanes, (v + 1) * I.lanes <= MR ? I.load(ap + v * I.lanes) : I.load(ap + v * I.lanes, mask))
      }
      let bp = b + p * (NR * I.lanes)
      for i in 0..<MR {
        let ai = I.broadcast(ap[i])
        for j in 0..<NR { sums[i][j] = I.fma(ai, I.load(bp + j * I.lanes), sums[i][j]) }
      }
      p += 1
    }
    finish(&sums, c: c, columns: columns, row: row, column: column, block: block)
  }

  /// Runs one tile and combines vectors of quarters on the way, one every `steps` steps of depth.
  ///
  /// Multiplying leaves most of the loads and stores free that combining needs.
  @inlinable @inline(__always)
  public static func runCombining(
    depth: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int,
    row: Int, column: Int, next: UnsafePointer<Float>, nextStride: Int, block: borrowing GEMMBlock,
    quarters: borrowing StrassenLeft, first: Int, vectors: Int, steps: Int
  ) {
    var sums = Sums(repeating: InlineArray(repeating: I.zero()))
    var ahead = next
    var p = 0
    var vector = 0
    while p < depth {
      var end = depth
      if vector < vectors {
        StrassenAdditions<I>.vector(quarters, at: first + vector * I.lanes)
        vector += 1
        if p + steps < depth { end = p + steps }
      }
      while p < end {
        isa_prefetch(ahead)
        ahead += nextStride
        let bp = b + p * (NR * I.lanes)
        let ap = a + p * MR
        isa_prefetch_near(ap + 192)
        for i in 0..<MR {
          let ai = I.broadcast(ap[i])
          for j in 0..<NR { sums[i][j] = I.fma(ai, I.load(bp + j * I.lanes), sums[i][j]) }
        }
        p += 1
      }
    }
    finish(&sums, c: c, columns: columns, row: row, column: column, block: block)
  }

  /// Adds what C holds, bias and residual, bounds the result and stores it, as the block says.
  @inlinable @inline(__always)
  static func finish(
    _ sums: inout Sums, c: UnsafeMutablePointer<Float>, columns: Int, row: Int, column: Int, block: borrowing GEMMBlock
  ) {
    let stride = block.rowStride
    if columns == NR * I.lanes {
      if block.accumulates {
        for i in 0..<MR { for j in 0..<NR { sums[i][j] = I.add(sums[i][j], I.load(c + i * stride + j * I.lanes)) } }
      }
      if block.isLast {
        if let bias = block.columnBias {
          for j in 0..<NR {
            let bj = I.load(bias + column + j * I.lanes)
            for i in 0..<MR { sums[i][j] = I.add(sums[i][j], bj) }
          }
        }
        addRowBias(&sums, row: row, block: block)
        if let residual = block.residual {
          let r = residual + row * stride + column
          for i in 0..<MR { for j in 0..<NR { sums[i][j] = I.add(sums[i][j], I.load(r + i * stride + j * I.lanes)) } }
        }
        bound(&sums, block: block)
      }
      for i in 0..<MR { for j in 0..<NR { I.store(c + i * stride + j * I.lanes, sums[i][j]) } }
    } else {
      let mask = I.mask(first: columns - (NR - 1) * I.lanes)
      if block.accumulates {
        for i in 0..<MR { for j in 0..<NR { sums[i][j] = I.add(sums[i][j], load(c + i * stride, j, mask)) } }
      }
      if block.isLast {
        if let bias = block.columnBias {
          for j in 0..<NR {
            let bj = load(bias + column, j, mask)
            for i in 0..<MR { sums[i][j] = I.add(sums[i][j], bj) }
          }
        }
        addRowBias(&sums, row: row, block: block)
        if let residual = block.residual {
          let r = residual + row * stride + column
          for i in 0..<MR { for j in 0..<NR { sums[i][j] = I.add(sums[i][j], load(r + i * stride, j, mask)) } }
        }
        bound(&sums, block: block)
      }
      for i in 0..<MR {
        for j in 0..<(NR - 1) { I.store(c + i * stride + j * I.lanes, sums[i][j]) }
        I.store(c + i * stride + (NR - 1) * I.lanes, sums[i][NR - 1], mask)
      }
    }
  }

  /// Vector `j` of a row whose last vector is masked.
  @inlinable @inline(__always)
  static func load(_ row: UnsafePointer<Float>, _ j: Int, _ mask: I.Mask) -> I.F32 {
    j == NR - 1 ? I.load(row + j * I.lanes, mask) : I.load(row + j * I.lanes)
  }

  @inlinable @inline(__always)
  static func addRowBias(_ sums: inout Sums, row: Int, block: borrowing GEMMBlock) {
    guard let bias = block.rowBias else { return }
    for i in 0..<MR {
      let bi = I.broadcast(bias[row + i])
      for j in 0..<NR { sums[i][j] = I.add(sums[i][j], bi) }
    }
  }

  /// Clips to the activation's bounds; without an activation they are infinite.
  ///
  /// NaN passes.
  @inlinable @inline(__always)
  static func bound(_ sums: inout Sums, block: borrowing GEMMBlock) {
    guard block.isBounded else { return }
    let low = I.broadcast(block.lowerBound)
    let high = I.broadcast(block.upperBound)
    for i in 0..<MR { for j in 0..<NR { sums[i][j] = I.min(high, I.max(low, sums[i][j])) } }
  }
}
