import Graph

extension Lowering {
  /// Weighted sums over sliding windows.
  static let convolution: [Lowering] = [
    Lowering("Conv", real: ConvReference.self).lowered(by: ConvolutionKernel.lower),
    Lowering("ConvTranspose", real: ConvTransposeReference.self),
    Lowering("DeformConv", real: DeformConvReference.self),
    Lowering("ConvInteger") { node throws(GraphError) in try QuantizedConvReference.integer(node) },
    Lowering("QLinearConv") { node throws(GraphError) in try QuantizedConvReference.linear(node) },
  ]
}
