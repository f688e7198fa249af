import KernelTemplates

/// Sizes of attention over several heads.
public struct AttentionShape: Hashable, Sendable {
  /// Items that share nothing.
  public var batch: Int
  /// Heads of the queries.
  public var heads: Int
  /// Heads of K and V: a divisor of `heads`, of which consecutive ones share a head of K and V.
  public var keyValueHeads: Int
  /// Rows of Q.
  public var queries: Int
  /// Rows of K and V.
  public var keys: Int
  /// Columns of Q and K.
  public var depth: Int
  /// Columns of V and the output.
  public var valueDepth: Int

  /// Sizes; by default every head has its own K and V, of equal depths.
  public init(
    batch: Int, heads: Int, keyValueHeads: Int? = nil, queries: Int, keys: Int, depth: Int, valueDepth: Int? = nil
  ) {
    self.batch = batch
    self.heads = heads
    self.keyValueHeads = keyValueHeads ?? heads
    self.queries = queries
    self.keys = keys
    self.depth = depth
    self.valueDepth = valueDepth ?? depth
  }
}

/// Where the rows of a head lie: row `r` of head `h` of item `b` begins at `b * batch + h * head + r * row`, and is contiguous.
public struct HeadStrides: Hashable, Sendable {
  /// Elements from one item to the next.
  public var batch: Int
  /// Elements from one head to the next.
  public var head: Int
  /// Elements from one row (token) to the next.
  public var row: Int

  /// Strides in elements.
  public init(batch: Int, head: Int, row: Int) {
    self.batch = batch
    self.head = head
    self.row = row
  }

  /// [batch, heads, tokens, depth], contiguous.
  public static func headsFirst(heads: Int, tokens: Int, depth: Int) -> HeadStrides {
    HeadStrides(batch: heads * tokens * depth, head: tokens * depth, row: depth)
  }

  /// [batch, tokens, heads * depth], contiguous: what a projection gives, with no transpose.
  ///
  /// `width` is the elements of a
  /// token, if there are more than those of these heads (Q, K and V side by side).
  public static func tokensFirst(heads: Int, tokens: Int, depth: Int, width: Int? = nil) -> HeadStrides {
    let width = width ?? heads * depth
    return HeadStrides(batch: tokens * width, head: depth, row: width)
  }
}

/// Strides of an additive mask, in elements; 0 along an axis that it is broadcast over.
public struct MaskStrides: Hashable, Sendable {
  /// From one item, head, query and key to the next.
  public var batch: Int, head: Int, query: Int, key: Int

  /// Strides in elements.
  public init(batch: Int, head: Int, query: Int, key: Int) {
    self.batch = batch
    self.head = head
    self.query = query
    self.key = key
  }

  /// A mask of the keys alone, [batch, 1, 1, keys].
  public static func keys(_ keys: Int) -> MaskStrides { MaskStrides(batch: keys, head: 0, query: 0, key: 1) }
}

/// Planned attention: output = softmax(scale · Q · Kᵀ + mask) · V for every item and head, with no score matrix in memory.
///
///     let attention = Attention(
///       AttentionShape(batch: 1, heads: 12, queries: 128, keys: 128, depth: 64),
///       query: .tokensFirst(heads: 12, tokens: 128, depth: 64), key: …, value: …, output: …,
///       mask: .keys(128), scale: 0.125, context: context)
///     attention.run(query: q, key: k, value: v, mask: mask, output: y, scratch: scratch)
///
/// A row whose keys are all masked by -∞ is NaN, as softmax is. Results do not depend on the number of threads.
public struct Attention: Sendable {
  /// Sizes.
  public let shape: AttentionShape
  /// Bytes that `run` needs at `scratch`, which is aligned to 64 bytes.
  public let scratchBytes: Int

  let query: HeadStrides
  let key: HeadStrides
  let value: HeadStrides
  let output: HeadStrides
  let mask: MaskStrides?
  let scale: Float
  let causalOffset: Int?
  let undefinedRowsAreZero: Bool
  let context: KernelContext
  /// Query rows of a task, and tasks of a head.
  let taskQueries: Int
  let tasks: Int
  let workerBytes: Int

  /// Plans attention.
  ///
  /// - Parameters:
  ///   - shape: sizes.
  ///   - query: where Q's rows lie.
  ///   - key: where K's rows lie.
  ///   - value: where V's rows lie.
  ///   - output: where the result's rows lie.
  ///   - mask: strides of the mask that is added to the scores; none if there is no mask.
  ///   - scale: factor of the scores, usually 1/√depth.
  ///   - causalOffset: query i sees keys 0 ... i + causalOffset; `nil`: all. With the keys of earlier tokens in front, it is
  ///     their number.
  ///   - undefinedRowsAreZero: a row whose keys are all hidden, or of which a score is NaN, gives 0, not NaN.
  ///   - context: table and threads.
  public init(
    _ shape: AttentionShape, query: HeadStrides, key: HeadStrides, value: HeadStrides, output: HeadStrides,
    mask: MaskStrides? = nil, scale: Float, causalOffset: Int? = nil, undefinedRowsAreZero: Bool = false,
    context: KernelContext
  ) {
    self.shape = shape
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.mask = mask
    self.scale = scale
    self.causalOffset = causalOffset
    self.undefinedRowsAreZero = undefinedRowsAreZero
    self.context = context
    // Every task packs the keys and values anew: 64 rows or more make that a few per cent.
    let rows = context.table.vector.attentionRows
    let wanted = max(1, (4 * context.pool.threads + shape.batch * shape.heads - 1) / max(1, shape.batch * shape.heads))
    let most = context.pool.threads == 1 ? 1 : min(wanted, max(1, shape.queries / 64))
    taskQueries = max(1, ((shape.queries + most - 1) / most + rows - 1) / rows * rows)
    tasks = max(1, (shape.queries + taskQueries - 1) / taskQueries)
    let count = context.table.vector.attentionScratch(
      min(taskQueries, shape.queries), shape.keys, shape.depth, shape.valueDepth)
    workerBytes = (count * MemoryLayout<Float>.stride + 63) / 64 * 64
    scratchBytes = workerBytes * context.pool.threads
  }

  /// Computes the output.
  ///
  /// - Parameters:
  ///   - query: first element of Q.
  ///   - key: first element of K.
  ///   - value: first element of V.
  ///   - mask: first element of the mask, if planned.
  ///   - output: first element of the result; it overlaps no operand.
  ///   - scratch: `scratchBytes` bytes.
  public func run(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>,
    mask: UnsafePointer<Float>? = nil, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    guard shape.queries > 0, shape.valueDepth > 0 else { return }
    let group = max(1, shape.heads / max(1, shape.keyValueHeads))
    context.pool.parallel(shape.batch * shape.heads * tasks) { index, worker in
      let (item, task) = (index / tasks, index % tasks)
      let (b, h) = (item / shape.heads, item % shape.heads)
      let first = task * taskQueries
      var block = AttentionBlock(
        query: query + b * self.query.batch + h * self.query.head + first * self.query.row,
        key: key + b * self.key.batch + h / group * self.key.head,
        value: value + b * self.value.batch + h / group * self.value.head,
        output: output + b * self.output.batch + h * self.output.head + first * self.output.row,
        scratch: (scratch + worker * workerBytes).assumingMemoryBound(to: Float.self))
      block.queryRowStride = self.query.row
      block.keyRowStride = self.key.row
      block.valueRowStride = self.value.row
      block.outputRowStride = self.output.row
      block.queries = min(taskQueries, shape.queries - first)
      block.keys = shape.keys
      block.depth = shape.depth
      block.valueDepth = shape.valueDepth
      block.scale = scale
      if let mask, let strides = self.mask {
        block.mask = mask + b * strides.batch + h * strides.head + first * strides.query
        block.maskRowStride = strides.query
        block.maskKeyStride = strides.key
      }
      if let causalOffset { block.lastVisibleKey = first + causalOffset }
      block.undefinedRowsAreZero = undefinedRowsAreZero
      context.table.vector.attention(&block)
    }
  }
}
