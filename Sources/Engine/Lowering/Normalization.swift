import Graph

extension Lowering {
  /// Scaling to a mean, a variance or a length.
  static let normalization: [Lowering] = [
    Lowering("BatchNormalization", real: BatchNormalizationReference.self).lowered(by: NormalizationKernel.batchNorm),
    Lowering("InstanceNormalization", real: InstanceNormalizationReference.self).lowered(
      by: NormalizationKernel.instanceNorm),
    Lowering("GroupNormalization", real: GroupNormalizationReference.self),
    Lowering("LayerNormalization", real: LayerNormalizationReference.self).lowered(by: NormalizationKernel.layerNorm)
      .flowing(.layerNormalization),
    Lowering("RMSNormalization", real: RMSNormalizationReference.self).flowing(.layerNormalization),
    Lowering("LRN", real: LocalResponseReference.self),
    Lowering("LpNormalization", real: LpNormalizationReference.self),
    Lowering("MeanVarianceNormalization", real: MeanVarianceReference.self),
  ]
}
