import Graph
import Kernels

/// One kernel call, or one reference evaluation, of a plan.
package struct Step: Sendable {
  /// What a kernel step does when it runs; it throws only for contents that its operator cannot take.
  package typealias Body = @Sendable (Frame) throws(GraphError) -> Void

  /// How a step computes.
  enum Work: Sendable {
    /// A kernel: shapes, packed weights and choices are in the closure, pointers come with the frame.
    case kernel(Body)
    /// The operator's reference, for element types and shapes that no kernel covers.
    case reference(ReferenceStep)
  }

  /// The node that it computes, or the last of those fused into it.
  let node: String
  /// The operator, and what was fused with it.
  let operation: String
  /// The kernel's name, such as `gemm_f32_6x16_avx2`; `reference` for references.
  let kernel: String
  /// Slots that it reads, in the order in which the body asks for them.
  var reads: [Int]
  /// Slots that it writes.
  var writes: [Int]
  /// Bytes of scratch memory that it needs while it runs.
  let scratchByteCount: Int
  /// Where that memory lies in the arena.
  var scratchOffset = 0
  /// Indices into `reads` of inputs whose memory the first output may take over.
  let inPlace: [Int]
  /// Multiply-accumulate operations, for profiles.
  let macs: Int
  /// What was measured to choose the kernel; nil where nothing was.
  let measurement: LayerMeasurement?
  /// What it does.
  let work: Work
}

/// The memory that a kernel step works on.
package struct Frame {
  let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  let reads: UnsafeBufferPointer<Int>
  let writes: UnsafeBufferPointer<Int>
  /// Scratch memory of as many bytes as the step asked for, aligned to a cache line; contents undefined.
  package let scratch: UnsafeMutableRawPointer
  /// The threads and the kernels of the session.
  package let kernels: KernelContext

  /// The elements of an input.
  package func input<Element>(_ index: Int, as element: Element.Type = Float.self) -> UnsafePointer<Element> {
    UnsafePointer(pointers[reads[index]].unsafelyUnwrapped.assumingMemoryBound(to: element))
  }

  /// The memory of an output.
  package func output<Element>(
    _ index: Int = 0, as element: Element.Type = Float.self
  ) -> UnsafeMutablePointer<Element> {
    pointers[writes[index]].unsafelyUnwrapped.assumingMemoryBound(to: element)
  }
}

/// What a reference step needs beside its inputs.
struct ReferenceStep: Sendable {
  let node: Node
  let lowering: Lowering
  /// The reads of the node's inputs, nil where an optional input is left out: indices into `Step.reads`.
  let inputs: [Int?]
  /// The reads of each captured value, by its identifier in the graph.
  let captured: [ValueID: Int]
  /// Indices into `Step.writes` of the node's outputs.
  let outputs: [Int?]
  /// Plans of the node's subgraphs.
  let subgraphs: SubgraphPlans?
}
