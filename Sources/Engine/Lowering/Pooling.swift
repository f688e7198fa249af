import Graph

extension Lowering {
  /// Summaries of sliding windows, of regions and of whole images.
  static let pooling: [Lowering] = [
    Lowering("MaxPool", numeric: MaxPoolReference.self).lowered(by: PoolingKernel.max),
    Lowering("AveragePool", real: AveragePoolReference.self).lowered(by: PoolingKernel.average),
    Lowering("LpPool", real: LpPoolReference.self),
    Lowering("GlobalAveragePool", real: GlobalAveragePoolReference.self).lowered(by: PoolingKernel.global(.average)),
    Lowering("GlobalMaxPool", real: GlobalMaxPoolReference.self).lowered(by: PoolingKernel.global(.max)),
    Lowering("GlobalLpPool", real: GlobalLpPoolReference.self),
    Lowering("MaxUnpool", real: MaxUnpoolReference.self),
    Lowering("MaxRoiPool", real: MaxRoiPoolReference.self),
    Lowering("RoiAlign", real: RoiAlignReference.self),
  ]
}
