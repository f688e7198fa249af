import Graph

extension Lowering {
  /// Products of matrices.
  static let matrix: [Lowering] = [
    Lowering("MatMul", numeric: MatMulReference.self).lowered(by: MatMulKernel.lower).flowing(.product),
    Lowering("Gemm", numeric: GemmReference.self).flowing(.product),
    Lowering("Einsum", numeric: EinsumReference.self),
    Lowering("Det", real: DeterminantReference.self),
    Lowering("MatMulInteger") { node throws(GraphError) in try QuantizedMatMulReference.integer(node) },
    Lowering("QLinearMatMul") { node throws(GraphError) in try QuantizedMatMulReference.linear(node) },
  ]
}
