import Graph

extension Lowering {
  /// Between real numbers and whole ones of few bits.
  static let quantization: [Lowering] = [
    Lowering("QuantizeLinear") { node throws(GraphError) in try QuantizationReference.quantize(node) },
    Lowering("DequantizeLinear") { node throws(GraphError) in try QuantizationReference.dequantize(node) },
    Lowering("DynamicQuantizeLinear") { node throws(GraphError) in try QuantizationReference.dynamic(node) },
  ]
}
