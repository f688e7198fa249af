import Graph
import Kernels

/// Matrix products by GEMM kernels: `MatMul`, `FusedMatMul` with bias, residual and activation, and `FusedProjections`, several
/// products of one matrix.
enum MatMulKernel {
  static let lower: Lowering.Lower = { context, plan throws(GraphError) in
    guard let a = Operand(context, 0, transposed: "transA", in: plan),
      let b = Operand(context, 1, transposed: "transB", in: plan), let output = context.node.outputs[0],
      let result = plan.tensorType(of: output), result.dataType == .float32, result.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    if let weights = context.weights(1), b.isMatrix, !a.isTransposed || a.isMatrix {
      try lowerLinear(context, &plan, a, b, weights: weights, output: output)
    } else {
      try lowerBatched(context, &plan, a, b, output: output, sizes: result.sizes)
    }
    return true
  }

  /// An operand of a product: matrices of `rows` x `columns`, after a transposition if there is one, in batches.
  private struct Operand {
    let value: ValueID
    let sizes: [Int]
    let isTransposed: Bool
    let rows: Int
    let columns: Int

    init?(_ context: NodeContext, _ index: Int, transposed attribute: String? = nil, in plan: PlanBuilder) {
      guard let value = context.node.inputs[index], let type = plan.tensorType(of: value), type.dataType == .float32,
        type.sizes.count >= 2, type.sizes.allSatisfy({ $0 > 0 })
      else { return nil }
      self.value = value
      sizes = type.sizes
      isTransposed = attribute.flatMap(context.node.int) == 1
      let (outer, inner) = (sizes[sizes.count - 2], sizes[sizes.count - 1])
      (rows, columns) = isTransposed ? (inner, outer) : (outer, inner)
    }

    /// Sizes before those of the matrices.
    var batch: ArraySlice<Int> { sizes.dropLast(2) }
    /// Whether there is one matrix only.
    var isMatrix: Bool { batch.allSatisfy { $0 == 1 } }

    /// The elements as a matrix; the batch, if any, joined to the rows.
    func view(_ base: UnsafePointer<Float>) -> MatrixView {
      let view = MatrixView(base, rowStride: sizes[sizes.count - 1])
      return isTransposed ? view.transposed : view
    }
  }

  /// All rows of A, whatever its batch, times one matrix of constant weights, packed when the plan is made.
  private static func lowerLinear(
    _ context: NodeContext, _ plan: inout PlanBuilder, _ a: Operand, _ b: Operand, weights: Tensor, output: ValueID
  ) throws(GraphError) {
    let shape = GEMMShape(rows: a.rows * a.batch.reduce(1, *), columns: b.columns, depth: a.columns)
    let packed = try pack(context, &plan, 1, b, weights: weights)
    let fused = try FusedReads(context, after: 1)
    let macs = Int.saturatedProduct(shape.rows, shape.columns, shape.depth)
    let algorithm = algorithm(plan, a, columns: [b.columns])
    guard algorithm == .sums else {
      let group = GEMMGroup(
        rows: shape.rows, depth: shape.depth, columns: [shape.columns], algorithm: algorithm, context: plan.kernels)
      plan.append(
        name(plan, algorithm), reading: [a.value] + fused.values, writing: [output], inPlace: fused.inPlace,
        scratchByteCount: group.scratchBytes, macs: macs
      ) { frame in
        let member = GEMMGroup.Member(
          right: packed.base, output: frame.output(), rowStride: shape.columns, epilogue: fused.epilogue(frame))
        group.run(left: a.view(frame.input(0)), scratch: frame.scratch) { _ in member }
      }
      return
    }
    let product = GEMM(shape, packedRight: true, context: plan.kernels)
    plan.append(
      name(plan, algorithm), reading: [a.value] + fused.values, writing: [output], inPlace: fused.inPlace,
      scratchByteCount: product.scratchBytes, macs: macs
    ) { frame in
      product.run(
        left: .strided(a.view(frame.input(0))), right: .packed(packed.base), output: frame.output(),
        rowStride: shape.columns, epilogue: fused.epilogue(frame), scratch: frame.scratch)
    }
  }

  /// How all rows of A are multiplied by constant matrices.
  ///
  /// Where rows are paired, pairs are of one item of the batch: an item's result is the same whatever the others hold. Of a
  /// matrix without a batch the rows themselves may be the items.
  private static func algorithm(_ plan: PlanBuilder, _ a: Operand, columns: [Int]) -> GEMMGroup.Algorithm {
    let items = a.batch.reduce(1, *)
    let rowsAreOneItem = !a.batch.isEmpty && (items == 1 || a.rows % 2 == 0)
    guard plan.options.winograd, rowsAreOneItem else { return .sums }
    return GEMMGroup.choice(rows: a.rows * items, depth: a.columns, columns: columns, context: plan.kernels)
  }

  private static func name(_ plan: PlanBuilder, _ algorithm: GEMMGroup.Algorithm) -> String {
    plan.kernelName(algorithm == .sums ? "gemm_f32" : "gemm_f32_\(algorithm.rawValue)")
  }

  /// The constant weights that an operand is, packed when the plan is made.
  private static func pack(
    _ context: NodeContext, _ plan: inout PlanBuilder, _ input: Int, _ b: Operand, weights: Tensor
  ) throws(GraphError) -> PackedWeights {
    let kernels = plan.kernels
    let staging = plan.staging
    let layout = PackedLayout.right(depth: b.rows, columns: b.columns, table: kernels.table)
    try MemoryBudget.check(byteCount: layout.byteCount, node: context.name)
    return try plan.packedWeights(
      context, input, format: "right \(b.isTransposed) \(kernels.table.isa)", byteCount: layout.byteCount
    ) {
      PackedWeights(weights, byteCount: layout.byteCount, staging: staging) {
        layout.pack(b.view($0), into: $1, context: kernels)
      }
    }
  }

  /// Lowers `FusedProjections`: all rows of A, whatever its batch, times each of several matrices of constant weights.
  static let lowerProjections: Lowering.Lower = { context, plan throws(GraphError) in
    guard let a = Operand(context, 0, in: plan) else { return false }
    var members: [Projection] = []
    var reads = [a.value]
    for (index, output) in context.node.outputs.enumerated() {
      let (right, bias) = (1 + 2 * index, 2 + 2 * index)
      guard let weights = context.weights(right), let b = Operand(context, right, transposed: "transB", in: plan),
        b.sizes.count == 2, output != nil
      else { return false }
      var member = Projection(columns: b.columns, weights: try pack(context, &plan, right, b, weights: weights))
      if context.hasInput(bias), let value = context.node.inputs[bias] {
        member.bias = reads.count
        reads.append(value)
      }
      members.append(member)
    }
    let rows = a.rows * a.batch.reduce(1, *)
    let columns = members.map(\.columns)
    let algorithm = algorithm(plan, a, columns: columns)
    let group = GEMMGroup(
      rows: rows, depth: a.columns, columns: columns, algorithm: algorithm, context: plan.kernels)
    plan.append(
      name(plan, algorithm), reading: reads, writing: context.node.outputs.compactMap { $0 },
      scratchByteCount: group.scratchBytes,
      macs: .saturatedProduct(rows, a.columns, columns.reduce(0, +))
    ) { [members] frame in
      group.run(left: a.view(frame.input(0)), scratch: frame.scratch) { index in
        let member = members[index]
        return GEMMGroup.Member(
          right: member.weights.base, output: frame.output(index), rowStride: member.columns,
          epilogue: Epilogue(bias: member.bias.map { frame.input($0) }))
      }
    }
    return true
  }

  /// One product of `FusedProjections`.
  private struct Projection: Sendable {
    let columns: Int
    let weights: PackedWeights
    /// Where in the step's reads its bias is.
    var bias: Int?
  }

  /// Each matrix of A times the matching one of B; batches broadcast as in NumPy.
  private static func lowerBatched(
    _ context: NodeContext, _ plan: inout PlanBuilder, _ a: Operand, _ b: Operand, output: ValueID, sizes: [Int]
  ) throws(GraphError) {
    let shape = GEMMShape(rows: a.rows, columns: b.columns, depth: a.columns)
    let batch = Array(sizes.dropLast(2))
    // Each item of the batch is listed, for either operand too.
    try MemoryBudget.check(
      byteCount: 2 * MemoryLayout<GEMM.BatchOffset>.stride * batch.reduce(1, *), node: context.name)
    let left = BroadcastOffsets.offsets(of: Array(a.batch), in: batch, step: a.rows * a.columns)
    let right = BroadcastOffsets.offsets(of: Array(b.batch), in: batch, step: b.rows * b.columns)
    let items = left.indices.map { index in
      GEMM.BatchOffset(left: left[index], right: right[index], output: index * a.rows * b.columns)
    }
    let product = GEMM(shape, batch: items, context: plan.kernels)
    let fused = try FusedReads(context, after: 2)
    plan.append(
      plan.kernelName("gemm_f32"), reading: [a.value, b.value] + fused.values, writing: [output],
      inPlace: fused.inPlace, scratchByteCount: product.scratchBytes,
      macs: .saturatedProduct(items.count, shape.rows, shape.columns, shape.depth)
    ) { frame in
      product.run(
        left: .strided(a.view(frame.input(0))), right: .strided(b.view(frame.input(1))), output: frame.output(),
        rowStride: shape.columns, epilogue: fused.epilogue(frame), scratch: frame.scratch)
    }
  }
}

/// Where the items of a broadcast batch lie.
enum BroadcastOffsets {
  /// For each item of `batch` in order, the offset of the matching item of an operand, whose items are `step` elements apart.
  static func offsets(of operand: [Int], in batch: [Int], step: Int) -> [Int] {
    var strides = [Int](repeating: 0, count: batch.count)
    var stride = step
    for axis in operand.indices.reversed() {
      strides[axis + batch.count - operand.count] = operand[axis] == 1 ? 0 : stride
      stride *= operand[axis]
    }
    var offsets = [0]
    for (size, stride) in zip(batch, strides) {
      offsets = offsets.flatMap { offset in (0..<size).map { offset + $0 * stride } }
    }
    return offsets
  }
}
