import Graph

extension Lowering {
  /// Summaries of sliding windows, of regions and of whole images.
  static let pooling: [Lowering] = [
    Lowering("MaxPool", numeric: MaxPoolReference.self),
    Lowering("AveragePool", real: AveragePoolReference.self),
    Lowering("LpPool", real: LpPoolReference.self),
    Lowering("GlobalAveragePool", real: GlobalAveragePoolReference.self),
    Lowering("GlobalMaxPool", real: GlobalMaxPoolReference.self),
    Lowering("GlobalLpPool", real: GlobalLpPoolReference.self),
    Lowering("MaxUnpool", real: MaxUnpoolReference.self),
    Lowering("MaxRoiPool", real: MaxRoiPoolReference.self),
    Lowering("RoiAlign", real: RoiAlignReference.self),
  ]
}
