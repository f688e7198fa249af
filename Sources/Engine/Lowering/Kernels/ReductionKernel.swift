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
      guard let axes = try context.reducedAxes(rank: x.sizes.count, axesInputSince: version), !axes.isEmpty else {
        return false
      }
      let reduction = Reduction(function, shape: x.sizes, axes: axes, context: plan.kernels)
      plan.append(
        plan.kernelName("reduce_f32"), reading: [input], writing: [output], scratchByteCount: reduction.scratchBytes
      ) { frame in
        reduction.run(frame.input(0), frame.output(), scratch: frame.scratch)
      }
      return true
    }
  }
}
