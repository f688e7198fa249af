/// The kernels of one instruction set: one entry per kernel, each instantiated from a template.
///
/// Entries are functions without captures, so a call costs an indirect jump and no reference counting.
public final class KernelTable: Sendable {
  /// The instruction set, as `SWIFTINFER_ISA` spells it.
  public let isa: StaticString
  /// 32-bit lanes of its vectors.
  public let lanes: Int
  /// Elementwise, reducing, normalizing, copying and attention kernels.
  public let vector: VectorKernels
  /// Rows of A in a packed panel, at most.
  public let tileRows: Int
  /// Output channels in a panel of Winograd's filters if one vector holds all tiles and their count is even, at most.
  public let tallRows: Int
  /// Columns of B in a packed panel.
  public let tileColumns: Int
  /// `GEMMKernel`: multiplies packed panels.
  public let gemm: @Sendable (UnsafePointer<GEMMBlock>) -> Void
  /// A library's product of whole matrices, which `GEMM` then uses in the place of `gemm`; `nil` in a table of our own kernels
  /// alone.
  public let product: (@Sendable (UnsafePointer<MatrixProduct>) -> Void)?
  /// `PlanePadding`: copies a plane with zeros around it.
  public let padPlane: @Sendable (UnsafePointer<PaddedPlane>) -> Void
  /// `RunPacking`: packs a panel of a convolution's input.
  public let packRuns: @Sendable (UnsafePointer<RunPanel>) -> Void
  /// `DirectConvolution`: narrow groups.
  public let directGroup: @Sendable (UnsafePointer<DirectGroup>) -> Void
  /// Output channels of its largest tile.
  public let directChannels: Int
  /// `DepthwiseConvolution`: output channels of one input channel each.
  public let depthwise: @Sendable (UnsafePointer<DepthwisePlanes>) -> Void
  /// `WinogradInput`: transforms the tiles of an input channel.
  public let winogradInput: @Sendable (UnsafePointer<WinogradPlane>) -> Void
  /// `WinogradProducts`: transforms filters and multiplies them with transformed input.
  public let winogradProducts: @Sendable (UnsafePointer<WinogradFilters>, UnsafePointer<GEMMBlock>) -> Void
  /// `WinogradOutput`: transforms sums back and finishes an output channel.
  public let winogradOutput: @Sendable (UnsafePointer<WinogradSums>) -> Void
  /// `TransposedStore`: stores sums whose channels lie in lanes.
  public let storeTransposed: @Sendable (UnsafePointer<TransposedSums>) -> Void
  /// `StrassenAdditions.left`: combines quarters of the left operand.
  public let strassenLeft: @Sendable (UnsafePointer<StrassenLeft>) -> Void
  /// `GEMMKernel.runCombining`: computes a block of C and combines quarters of the left operand.
  public let gemmCombining: @Sendable (UnsafePointer<GEMMBlock>, UnsafePointer<StrassenLeft>) -> Void
  /// `StrassenAdditions.right`: combines quarters of the right operand.
  public let strassenRight: @Sendable (UnsafePointer<StrassenRight>) -> Void
  /// `StrassenAdditions.sums`: combines products.
  public let strassenSums: @Sendable (UnsafePointer<StrassenProducts>) -> Void
  /// `StrassenAdditions.store`: combines products to a row-major result.
  public let strassenStore: @Sendable (UnsafePointer<StrassenResult>) -> Void
  /// `PoolingRowKernel`: pools along a row.
  public let poolRow: @Sendable (UnsafePointer<PoolingRow>) -> Void
  /// `PlaneReduction.sum`.
  public let sum: @Sendable (UnsafePointer<Float>, Int) -> Float
  /// `PlaneReduction.maximum`.
  public let maximum: @Sendable (UnsafePointer<Float>, Int) -> Float
  /// `ActivationKernel`: applies an activation in place.
  public let activate: @Sendable (UnsafePointer<ActivationBlock>) -> Void
  /// `FMAPeak`: rounds of FMAs in registers, and a seed.
  public let fmaPeak: @Sendable (Int, Float) -> Float
  /// FMAs of a round.
  public let fmaPeakChains: Int

  /// The table of `I`'s instantiations.
  ///
  /// Only the module compiled with `I`'s flags may call this.
  ///
  /// - Parameters:
  ///   - name: the table's name, if not the instruction set's.
  ///   - product: a library's product, if there is one to prefer.
  @inlinable @inline(__always)
  public init<I: ISA>(
    instantiating _: I.Type, name: StaticString = I.name,
    product: (@Sendable (UnsafePointer<MatrixProduct>) -> Void)? = nil
  ) {
    isa = name
    self.product = product
    vector = VectorKernels(instantiating: I.self)
    lanes = I.lanes
    tileRows = GEMMKernel<I>.rows
    tallRows = WinogradProducts<I>.tallRows
    tileColumns = GEMMKernel<I>.vectors * I.lanes
    gemm = { GEMMKernel<I>.run($0) }
    padPlane = { PlanePadding<I>.run($0.pointee) }
    packRuns = { RunPacking<I>.run($0.pointee) }
    directGroup = { DirectConvolution<I>.run($0.pointee) }
    directChannels = DirectConvolution<I>.channels
    depthwise = { DepthwiseConvolution<I>.run($0.pointee) }
    winogradInput = { WinogradInput<I>.run($0.pointee) }
    winogradProducts = { WinogradProducts<I>.run($0, $1) }
    winogradOutput = { WinogradOutput<I>.run($0.pointee) }
    storeTransposed = { TransposedStore<I>.run($0.pointee) }
    strassenLeft = { StrassenAdditions<I>.left($0.pointee) }
    gemmCombining = { GEMMKernel<I>.runCombining($0, $1) }
    strassenRight = { StrassenAdditions<I>.right($0.pointee) }
    strassenSums = { StrassenAdditions<I>.sums($0.pointee) }
    strassenStore = { StrassenAdditions<I>.store($0.pointee) }
    poolRow = { PoolingRowKernel<I>.run($0.pointee) }
    sum = { PlaneReduction<I>.sum($0, count: $1) }
    maximum = { PlaneReduction<I>.maximum($0, count: $1) }
    activate = { ActivationKernel<I>.run($0.pointee) }
    fmaPeakChains = FMAPeak<I>.chains
    fmaPeak = { FMAPeak<I>.run(rounds: $0, seed: $1) }
  }
}
