import Graph
import Kernels

/// `FusedAttention` by the kernel that keeps no matrix of scores.
enum AttentionKernel {
  static let lower: Lowering.Lower = { context, plan throws(GraphError) in
    guard let query = context.node.inputs[0], let key = context.node.inputs[1], let value = context.node.inputs[2],
      let output = context.node.outputs[0], let q = plan.tensorType(of: query), let k = plan.tensorType(of: key),
      let v = plan.tensorType(of: value), [q, k, v].allSatisfy({ $0.dataType == .float32 && $0.sizes.count == 4 }),
      [q, k, v].allSatisfy({ $0.sizes.allSatisfy { $0 > 0 } })
    else { return false }
    let headsFirst = try context.string("layout", default: "BHSD") == "BHSD"
    let (headAxis, tokenAxis) = headsFirst ? (1, 2) : (2, 1)
    let (batch, heads, depth) = (q.sizes[0], q.sizes[headAxis], q.sizes[3])
    let (queries, keys, valueDepth) = (q.sizes[tokenAxis], k.sizes[tokenAxis], v.sizes[3])
    guard k.sizes[0] == batch, v.sizes[0] == batch, k.sizes[headAxis] == heads, v.sizes[headAxis] == heads else {
      return false
    }
    func strides(_ tokens: Int, _ depth: Int, _ headsFirst: Bool) -> HeadStrides {
      headsFirst
        ? .headsFirst(heads: heads, tokens: tokens, depth: depth)
        : .tokensFirst(heads: heads, tokens: tokens, depth: depth)
    }
    let mask = context.hasInput(3) ? context.node.inputs[3] : nil
    var maskStrides: MaskStrides?
    if let mask {
      guard let type = plan.tensorType(of: mask), type.dataType == .float32,
        let strides = Self.maskStrides(type.sizes, of: [batch, heads, queries, keys])
      else { return false }
      maskStrides = strides
    }
    let outputHeadsFirst = try context.string("output_layout", default: "BHSD") == "BHSD"
    let attention = Attention(
      AttentionShape(batch: batch, heads: heads, queries: queries, keys: keys, depth: depth, valueDepth: valueDepth),
      query: strides(queries, depth, headsFirst), key: strides(keys, depth, headsFirst),
      value: strides(keys, valueDepth, headsFirst), output: strides(queries, valueDepth, outputHeadsFirst),
      mask: maskStrides, scale: try context.float("scale", default: 1),
      undefinedRowsAreZero: try context.bool("zero_undefined_rows", default: false), context: plan.kernels)
    plan.append(
      plan.kernelName("attention_f32"), reading: [query, key, value] + (mask.map { [$0] } ?? []), writing: [output],
      scratchByteCount: attention.scratchBytes,
      macs: .saturatedProduct(batch * heads, queries, keys, depth + valueDepth)
    ) { frame in
      attention.run(
        query: frame.input(0), key: frame.input(1), value: frame.input(2),
        mask: mask == nil ? nil : frame.input(3),
        output: frame.output(), scratch: frame.scratch)
    }
    return true
  }

  /// The strides with which a mask of these sizes broadcasts to the scores.
  private static func maskStrides(_ sizes: [Int], of scores: [Int]) -> MaskStrides? {
    guard sizes.count <= 4 else { return nil }
    let padded = Array(repeating: 1, count: 4 - sizes.count) + sizes
    let contiguous = StridedLoops.contiguous(padded)
    guard zip(padded, scores).allSatisfy({ $0 == 1 || $0 == $1 }) else { return nil }
    let strides = padded.indices.map { padded[$0] == 1 ? 0 : contiguous[$0] }
    return MaskStrides(batch: strides[0], head: strides[1], query: strides[2], key: strides[3])
  }
}
