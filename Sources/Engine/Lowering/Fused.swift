import Graph

extension Lowering {
  /// Operators that optimization passes put in the place of several: domain `swiftinfer`.
  static let fused: [Lowering] = [
    Lowering("FusedConv", domain: OperatorID.internalDomain, real: FusedConvReference.self)
      .lowered(by: ConvolutionKernel.lower),
    Lowering("FusedMatMul", domain: OperatorID.internalDomain, real: FusedMatMulReference.self)
      .lowered(by: MatMulKernel.lower).flowing(.product),
    Lowering("FusedProjections", domain: OperatorID.internalDomain, real: FusedProjectionsReference.self)
      .lowered(by: MatMulKernel.lowerProjections).flowing(.projections),
    Lowering("FusedAttention", domain: OperatorID.internalDomain, real: FusedAttentionReference.self)
      .lowered(by: AttentionKernel.lower).flowing(.attention),
  ]
}
