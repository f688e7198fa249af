import Graph

/// Keeps the best boxes of each class that do not overlap a better one.

///

/// ONNX, "NonMaxSuppression".
enum NonMaxSuppressionReference {
  /// A box by its corners.
  private struct Box {
    let (top, left, bottom, right): (Float, Float, Float, Float)

    init(_ numbers: ArraySlice<Float>, centered: Bool) {
      let n = Array(numbers)
      if centered {
        (left, top) = (n[0] - n[2] / 2, n[1] - n[3] / 2)
        (right, bottom) = (n[0] + n[2] / 2, n[1] + n[3] / 2)
      } else {
        (top, bottom) = (min(n[0], n[2]), max(n[0], n[2]))
        (left, right) = (min(n[1], n[3]), max(n[1], n[3]))
      }
    }

    var area: Float { (bottom - top) * (right - left) }

    func overlap(_ other: Box) -> Float {
      let height = min(bottom, other.bottom) - max(top, other.top)
      let width = min(right, other.right) - max(left, other.left)
      guard height > 0, width > 0 else { return 0 }
      let shared = height * width
      let union = area + other.area - shared
      return area <= 0 || other.area <= 0 || union <= 0 ? 0 : shared / union
    }
  }

  /// Indices of batch item, class and box, best first within each class.
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let shape = try node.tensor(0).shape
    let (batch, boxes, classes) = (shape[0], shape[1], try node.tensor(1).shape[1])
    let corners = try node.values(0, as: Float.self), scores = try node.values(1, as: Float.self)
    let limit = try node.optionalValues(2, as: Int64.self)?.first ?? 0
    let overlapLimit = try node.optionalValues(3, as: Float.self)?.first ?? 0
    let scoreLimit = try node.optionalValues(4, as: Float.self)?.first
    let centered = try node.context.bool("center_point_box", default: false)
    var selected: [Int64] = []
    for item in 0..<batch {
      let all = (0..<boxes).map {
        Box(corners[((item * boxes + $0) * 4)..<((item * boxes + $0 + 1) * 4)], centered: centered)
      }
      for kind in 0..<classes {
        let row = (item * classes + kind) * boxes
        let candidates = (0..<boxes).filter { box in scoreLimit.map { scores[row + box] > $0 } ?? true }
          .sorted { scores[row + $0] > scores[row + $1] || (scores[row + $0] == scores[row + $1] && $0 < $1) }
        var kept: [Int] = []
        for candidate in candidates {
          if kept.count >= limit { break }
          if kept.contains(where: { all[$0].overlap(all[candidate]) > overlapLimit }) { continue }
          kept.append(candidate)
          selected += [Int64(item), Int64(kind), Int64(candidate)]
        }
      }
    }
    return [.tensor(Tensor(shape: [selected.count / 3, 3], selected))]
  }
}
