import Graph
import Kernels

/// Reductions of 32-bit floats over constant axes by vector kernels.
enum ReductionKernel {
  /// The fast path of an operator whose axes are an input from this version on, an attribute before.
  static func lower(_ function: Reduction.Function, axesInputSince version: Int) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let input = context.node.inputs[0], let output = context.node.outputs[0],
        let x = plan.tensorType(of: input), x.dataType == .float32, x.sizes.allSatisfy({ $0 > 0 })
      else { return false }
      var given: [Int]?
      if context.version < version {
        given = try context.ints("axes")
      } else if context.hasInput(1) {
        guard let constant = try context.integers(1) else { return false }
        given = constant
      }
      if given?.isEmpty ?? true, try context.bool("noop_with_empty_axes", default: false) { return false }
      var axes: [Int] = []
      for axis in given ?? [] { axes.append(try context.axis(axis, rank: x.sizes.count, attribute: "axes")) }
      let reduced = axes.isEmpty ? Array(x.sizes.indices) : Array(Set(axes)).sorted()
      guard !reduced.isEmpty else { return false }
      let reduction = Reduction(function, shape: x.sizes, axes: reduced, context: plan.kernels)
      plan.append(
        plan.kernelName("reduce_f32"), reading: [input], writing: [output], scratchByteCount: reduction.scratchBytes
      ) { frame in
        reduction.run(frame.input(0), frame.output(), scratch: frame.scratch)
      }
      return true
    }
  }
}
