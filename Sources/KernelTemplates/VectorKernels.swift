/// The kernels of one instruction set that are not products: the second half of a `KernelTable`.
///
/// Each line is one kernel, instantiated from the template that it names.
public final class VectorKernels: Sendable {
  /// `UnaryKernel`: y = f(x) over contiguous numbers.
  public let unary: @Sendable (UnaryFunction, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  /// `BinaryKernel`: y = f(a, b) with broadcasting.
  public let binary: @Sendable (UnsafePointer<BinaryBlock>) -> Void
  /// `ReduceKernel`: x, y, outer, count, inner.
  public let reduce:
    @Sendable (ReduceFunction, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int) -> Void
  /// `SoftmaxKernel`: x, y, outer, count, inner, logarithm.
  public let softmax: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int, Bool) -> Void
  /// `LayerNormKernel`: rows.
  public let layerNorm: @Sendable (UnsafePointer<LayerNormBlock>) -> Void
  /// `GroupNormKernel`: x, y, channels, count, scale, shift, epsilon.
  public let groupNorm:
    @Sendable (
      UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, Float
    ) -> Void
  /// `ChannelAffineKernel`: x, y, channels, count, scale, shift.
  public let channelAffine:
    @Sendable (
      UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>
    ) -> Void
  /// `TransposeKernel`: from, its stride, to, its stride, rows, columns.
  public let transpose: @Sendable (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int, Int, Int) -> Void
  /// `AttentionKernel`: query rows of one attention head.
  public let attention: @Sendable (UnsafePointer<AttentionBlock>) -> Void
  /// Elements of scratch that it needs: of queries, keys, depth and depth of the values.
  public let attentionScratch: @Sendable (Int, Int, Int, Int) -> Int
  /// Rows of its largest tile.
  public let attentionRows: Int

  /// Instantiates the kernels of an instruction set.
  ///
  /// Only the module compiled with `I`'s flags may call this.
  @inlinable @inline(__always)
  public init<I: ISA>(instantiating _: I.Type) {
    unary = { UnaryKernel<I>.run($0, $1, $2, $3) }
    binary = { BinaryKernel<I>.run($0.pointee) }
    reduce = { ReduceKernel<I>.run($0, x: $1, y: $2, outer: $3, count: $4, inner: $5) }
    softmax = { SoftmaxKernel<I>.run(x: $0, y: $1, outer: $2, count: $3, inner: $4, logarithm: $5) }
    layerNorm = { LayerNormKernel<I>.run($0.pointee) }
    groupNorm = {
      GroupNormKernel<I>.run(x: $0, y: $1, channels: $2, count: $3, scale: $4, shift: $5, epsilon: $6)
    }
    channelAffine = { ChannelAffineKernel<I>.run(x: $0, y: $1, channels: $2, count: $3, scale: $4, shift: $5) }
    transpose = { TransposeKernel<I>.run(from: $0, fromStride: $1, to: $2, toStride: $3, rows: $4, columns: $5) }
    attention = { AttentionKernel<I>.run($0.pointee) }
    attentionScratch = { AttentionKernel<I>.scratchCount(queries: $0, keys: $1, depth: $2, valueDepth: $3) }
    attentionRows = AttentionKernel<I>.rows
  }
}
