import KernelTemplates

/// How a table's library computes a planned product: matrices are handed over as they lie, cut over the threads, and the
/// epilogue follows in a pass of its own.
///
/// Unlike with our own kernels, rows may differ in their last bits with the number of threads.
extension GEMM {
  /// The library takes matrices of which one stride is 1 and rows do not overlap; others are packed.
  func libraryTakes(_ matrix: MatrixView, rows: Int, columns: Int) -> Bool {
    matrix.columnStride == 1 && (rows <= 1 || matrix.rowStride >= columns)
      || matrix.rowStride == 1 && (columns <= 1 || matrix.columnStride >= rows)
  }

  /// Computes the product by the table's library.
  func runLibrary(
    _ multiply: @Sendable (UnsafePointer<MatrixProduct>) -> Void, left: GEMMOperand, right: GEMMOperand,
    output: UnsafeMutablePointer<Float>, rowStride: Int, accumulate: Bool, epilogue: Epilogue,
    scratch: UnsafeMutableRawPointer
  ) {
    let (a, leftItems) = libraryOperand(left, layout: self.left, items: self.leftItems, scratch: scratch)
    let (b, rightItems) = libraryOperand(
      right, layout: self.right, items: self.rightItems, scratch: scratch + leftBytes)
    let inPlace = epilogue.residual == UnsafePointer(output)
    let cutsRows = shape.rows >= shape.columns
    let length = cutsRows ? shape.rows : shape.columns
    let pieces = max(1, min(context.pool.threads, length))
    context.pool.parallel(length > 0 ? batch.count * pieces : 0) { task in
      let (item, piece) = (task / pieces, task % pieces)
      let range = piece * length / pieces..<(piece + 1) * length / pieces
      let rows = cutsRows ? range : 0..<shape.rows
      let columns = cutsRows ? 0..<shape.columns : range
      let offset = batch[item]
      let c = output + offset.output + rows.lowerBound * rowStride + columns.lowerBound
      let (leftOffset, rightOffset) = (
        leftItems.map { $0.index[item] * self.left.count } ?? offset.left,
        rightItems.map { $0.index[item] * self.right.count } ?? offset.right
      )
      var product = MatrixProduct(
        rows: rows.count, columns: columns.count, depth: shape.depth,
        left: a.base + leftOffset + rows.lowerBound * a.rowStride, leftRowStride: a.rowStride,
        leftColumnStride: a.columnStride, right: b.base + rightOffset + columns.lowerBound * b.columnStride,
        rightRowStride: b.rowStride, rightColumnStride: b.columnStride, output: c, outputRowStride: rowStride,
        accumulates: accumulate || inPlace)
      multiply(&product)
      finish(
        c, rows: rows, columns: columns, rowStride: rowStride, epilogue: epilogue,
        residual: inPlace ? nil : epilogue.residual.map { $0 + (c - output) })
    }
  }

  /// An operand as a matrix that the library takes; packed by the caller, as it lies, or packed here.
  private func libraryOperand(
    _ operand: GEMMOperand, layout: PackedLayout, items: PackedItems?, scratch: UnsafeMutableRawPointer
  ) -> (MatrixView, PackedItems?) {
    let isLeft = layout.side == .left
    if case .strided(let view) = operand,
      libraryTakes(view, rows: isLeft ? layout.width : layout.depth, columns: isLeft ? layout.depth : layout.width)
    {
      return (view, nil)
    }
    // One panel of all lanes, [depth][width].
    let packed = prepare(operand, layout: layout, items: items, scratch: scratch)
    let view = MatrixView(packed, rowStride: layout.width)
    return (isLeft ? view.transposed : view, items)
  }

  /// Bias, residual and activation of a piece of C.
  private func finish(
    _ c: UnsafeMutablePointer<Float>, rows: Range<Int>, columns: Range<Int>, rowStride: Int, epilogue: Epilogue,
    residual: UnsafePointer<Float>?
  ) {
    for i in 0..<rows.count {
      let row = c + i * rowStride
      if let bias = epilogue.bias {
        if epilogue.axis == .rows {
          let b = bias[rows.lowerBound + i]
          for j in 0..<columns.count { row[j] += b }
        } else {
          let b = bias + columns.lowerBound
          for j in 0..<columns.count { row[j] += b[j] }
        }
      }
      if let residual {
        let r = residual + i * rowStride
        for j in 0..<columns.count { row[j] += r[j] }
      }
    }
    guard epilogue.activation != .none else { return }
    var block = ActivationBlock(
      elements: c, rows: rows.count, columns: columns.count, rowStride: rowStride, activation: epilogue.activation)
    context.table.activate(&block)
  }
}
