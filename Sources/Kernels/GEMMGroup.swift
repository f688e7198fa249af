import KernelTemplates

/// Planned products of one matrix by several, Cᵢ = activationᵢ(A · Bᵢ + biasᵢ + residualᵢ): the projections of attention.
///
///     let group = GEMMGroup(rows: 128, depth: 768, columns: [768, 768, 768], context: context)
///     group.run(left: MatrixView(x, rowStride: 768), scratch: scratch) { index in
///       GEMMGroup.Member(right: packed[index], output: outputs[index], rowStride: 768)
///     }
///
/// A is packed once, and the panels of all Bᵢ are shared out in one loop: there is less to wait for than between products of
/// their own, whose results equal these bit for bit where they are sums.
public struct GEMMGroup: Sendable {
  /// How the products are computed.
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    /// Sums as the definition says.
    case sums
    /// A step of Strassen's algorithm, an eighth fewer products; exact on whole numbers.
    ///
    /// A row's rounding, and whether it is finite, depends on the row that it is paired with: 2i with 2i + 1.
    case strassen
  }

  /// What one product has for itself.
  public struct Member {
    /// B, packed in `PackedLayout.right`.
    public var right: UnsafeRawPointer
    /// First element of C; it overlaps neither A nor another product's operands.
    public var output: UnsafeMutablePointer<Float>
    /// Elements from one row of C, and of the residual, to the next.
    public var rowStride: Int
    /// What follows the sums.
    public var epilogue: Epilogue

    /// A product's operands.
    public init(
      right: UnsafeRawPointer, output: UnsafeMutablePointer<Float>, rowStride: Int, epilogue: Epilogue = Epilogue()
    ) {
      self.right = right
      self.output = output
      self.rowStride = rowStride
      self.epilogue = epilogue
    }
  }

  /// How the products are computed.
  public let algorithm: Algorithm
  /// Bytes that `run` needs at `scratch`, which is aligned to 64 bytes.
  public let scratchBytes: Int

  let context: KernelContext
  let products: [GEMM]
  let left: PackedLayout
  /// How the column panels of all products, one behind the other, are cut.
  let blocking: GEMMBlocking
  private let strassen: StrassenGroup?

  /// Plans products.
  ///
  /// - Parameters:
  ///   - rows: rows of A.
  ///   - depth: columns of A.
  ///   - columns: columns of each B.
  ///   - algorithm: how to compute them, one that supports the sizes.
  ///   - context: table and threads.
  public init(rows: Int, depth: Int, columns: [Int], algorithm: Algorithm = .sums, context: KernelContext) {
    self.context = context
    self.algorithm = algorithm
    let table = context.table
    products = columns.map { columns in
      GEMM(
        GEMMShape(rows: rows, columns: columns, depth: depth), packedLeft: table.product == nil, packedRight: true,
        context: context)
    }
    left = .left(rows: rows, depth: depth, table: table)
    let panels = products.map(\.right.panels).reduce(0, +)
    blocking = GEMMBlocking(
      left: left, right: .right(depth: depth, columns: panels * table.tileColumns, table: table), items: 1,
      threads: context.pool.threads, table: table)
    strassen =
      algorithm == .strassen ? StrassenGroup(rows: rows, depth: depth, columns: columns, context: context) : nil
    let sumBytes =
      table.product == nil ? left.byteCount.roundedUp(to: 64) : products.map(\.scratchBytes).max() ?? 0
    scratchBytes = strassen?.scratchBytes ?? sumBytes
  }

  /// Computes the products.
  ///
  /// - Parameters:
  ///   - left: A.
  ///   - scratch: `scratchBytes` bytes.
  ///   - member: gives the operands of each product; it may be called on any of the pool's threads.
  public func run(left: MatrixView, scratch: UnsafeMutableRawPointer, member: (_ index: Int) -> Member) {
    if let strassen { return strassen.run(left: left, scratch: scratch, member: member) }
    guard context.table.product == nil else {
      for (index, product) in products.enumerated() {
        let member = member(index)
        product.run(
          left: .strided(left), right: .packed(member.right), output: member.output, rowStride: member.rowStride,
          epilogue: member.epilogue, scratch: scratch)
      }
      return
    }
    self.left.pack(left, into: scratch, context: context)
    let a = UnsafePointer(scratch.assumingMemoryBound(to: Float.self))
    context.pool.parallel(blocking.tasks) { task in
      let (_, rows, columns) = blocking.task(task)
      var first = 0
      for (index, product) in products.enumerated() {
        let panels = columns.clamped(to: first..<first + product.right.panels)
        if !panels.isEmpty {
          let member = member(index)
          var block = product.block(
            left: a, right: member.right.assumingMemoryBound(to: Float.self), output: member.output,
            rowStride: member.rowStride, epilogue: member.epilogue)
          product.compute(
            &block, rows, panels.lowerBound - first..<panels.upperBound - first,
            activation: member.epilogue.activation)
        }
        first += product.right.panels
      }
    }
  }
}

extension GEMMGroup.Algorithm {
  /// Whether it computes products of these sizes.
  public func supports(depth: Int, columns: [Int], table: KernelTable) -> Bool {
    self == .sums || columns.allSatisfy { StrassenGroup.supports(depth: depth, columns: $0, table: table) }
  }
}

extension GEMMGroup {
  /// The algorithm that should be the fastest, by arithmetic alone.
  ///
  /// - Parameters:
  ///   - rows: rows of A.
  ///   - depth: columns of A.
  ///   - columns: columns of each B.
  ///   - context: table and threads.
  public static func choice(rows: Int, depth: Int, columns: [Int], context: KernelContext) -> Algorithm {
    // What combining costs is a share of the products that grows as they get smaller. Measured with AVX-512 from these sizes on:
    // 4 to 11 % are gained on Zen 4, 3 to 8 % on Zen 5. Vectors of eight lanes gain 2 %, less than the rounding is worth. With
    // rows of C at multiples of 8 KiB the stores lose what the products gain: of 128 rows and a depth of 512, 1024 columns gain
    // 4 %, 1536 columns 7 %, 2048 columns lose 1 % (Zen 5).
    let side = min(depth, columns.min() ?? 0)
    let gains =
      context.table.lanes >= 16 && side >= 512 && columns.allSatisfy { $0 % 2048 != 0 }
      && rows.multipliedSaturated(by: side) >= 32_000 * context.pool.threads
    return gains && Algorithm.strassen.supports(depth: depth, columns: columns, table: context.table)
      ? .strassen : .sums
  }
}
