import Graph

extension Lowering {
  /// Resampling of images, and boxes on them.
  static let image: [Lowering] = [
    Lowering("Resize") { node throws(GraphError) in try ResizeReference.evaluate(node) },
    Lowering("Upsample") { node throws(GraphError) in try ResizeReference.evaluate(node) },
    Lowering("GridSample", real: GridSampleReference.self),
    Lowering("AffineGrid", real: AffineGridReference.self),
    Lowering("NonMaxSuppression") { node throws(GraphError) in try NonMaxSuppressionReference.evaluate(node) },
  ]
}
