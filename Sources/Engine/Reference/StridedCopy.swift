import Graph

/// A view of a tensor: for each dimension of a shape, the step between elements of the source.
///
/// Transposes, slices, reversals, broadcasts, and splits are views; see `Tensor.copied(_:)`.
package struct StridedView: Sendable {
  /// The shape of the view.
  package var shape: [Int]
  /// Elements of the source from one index to the next, for each dimension; may be 0 or negative.
  package var strides: [Int]
  /// The source's element at index 0.
  package var offset: Int

  package init(shape: [Int], strides: [Int], offset: Int = 0) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }
}

extension Tensor {
  /// The elements of a view of this tensor, as a tensor of its own.
  ///
  /// All of the view must lie within the tensor.
  package func copied(_ view: StridedView) throws(GraphError) -> Tensor {
    let target = StridedView(shape: view.shape, strides: StridedWalk.rowMajorStrides(view.shape))
    return try dataType.visit(
      moving: StridedMovement(shape: view.shape, dataType: dataType, parts: [(self, view, target)], fill: nil))
  }

  /// A tensor that parts are copied into; elements that no part writes are `fill`'s only element, or zero.
  ///
  /// - Parameter parts: for each the source, what is read of it, and where that goes in the result.
  package static func assembled(
    shape: [Int], dataType: DataType, fill: Tensor? = nil,
    _ parts: [(source: Tensor, read: StridedView, write: StridedView)]
  ) throws(GraphError) -> Tensor {
    try dataType.visit(moving: StridedMovement(shape: shape, dataType: dataType, parts: parts, fill: fill))
  }
}

private struct StridedMovement: MovementVisitor {
  let shape: [Int]
  let dataType: DataType
  let parts: [(source: Tensor, read: StridedView, write: StridedView)]
  let fill: Tensor?

  func visit<Pattern: ElementPattern>(_ pattern: Pattern.Type) throws(GraphError) -> Tensor {
    try Pattern.make(dataType, shape) { target throws(GraphError) in
      if let fill {
        let value = try Pattern.borrow(fill) { span throws(GraphError) in span.isEmpty ? Pattern.blank : span[0] }
        for i in target.indices { target[i] = value }
      }
      for part in parts {
        try Pattern.borrow(part.source) { source throws(GraphError) in
          copy(source, part.read, &target, part.write)
        }
      }
    }
  }

  @inline(__always)
  private func copy<Pattern: ElementPattern>(
    _ source: Span<Pattern>, _ read: StridedView, _ target: inout MutableSpan<Pattern>, _ write: StridedView
  ) {
    var walk = StridedWalk(
      sizes: read.shape, strides: [read.strides, write.strides], offsets: [read.offset, write.offset])
    let (from, to, count) = (walk.rowStrides[0], walk.rowStrides[1], walk.rowLength)
    for _ in 0..<walk.rowCount {
      let (sourceStart, targetStart) = (walk.offsets[0], walk.offsets[1])
      if from == 1 && to == 1 {
        for i in 0..<count { target[targetStart + i] = source[sourceStart + i] }
      } else {
        for i in 0..<count { target[targetStart + i * to] = source[sourceStart + i * from] }
      }
      walk.advance()
    }
  }
}
