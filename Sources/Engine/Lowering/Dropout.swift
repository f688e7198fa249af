import Graph

/// Drops elements at random in training mode; else hands them through.
enum Dropout {
  @Sendable
  static func evaluate(_ node: Evaluation) throws(GraphError) -> [RuntimeValue] {
    let input = try node.tensor(0)
    let flag = node.version >= 12 ? try node.optionalTensor(2) : nil
    let isTraining = flag?.elements(Bool8.self)?.first?.value ?? false
    let ratio = try ratio(node)
    guard isTraining, ratio > 0 else {
      let ones = Tensor(shape: input.shape, [Bool8](repeating: Bool8(true), count: input.count))
      return [.tensor(input), .tensor(node.version < 10 ? ones.narrowed(to: input.dataType) : ones)]
    }
    guard ratio < 1 else {
      throw node.invalid(1, expected: "a ratio from 0 to below 1", found: "\(ratio)")
    }
    var random = SeededGenerator(node)
    let kept = (0..<input.count).map { _ in Bool8(random.uniform() >= ratio) }
    let mask = Tensor(shape: input.shape, kept)
    let wide = input.widened()
    let scale = Tensor(scalar: 1 / (1 - ratio)).narrowed(to: wide.dataType)
    let factors = try Tensor.combining(mask.narrowed(to: wide.dataType), scale, Product(), in: node)
    let output = try Tensor.combining(wide, factors, Product(), in: node).narrowed(to: input.dataType)
    return [.tensor(output), .tensor(mask)]
  }

  private static func ratio(_ node: Evaluation) throws(GraphError) -> Double {
    guard node.version >= 12 else { return Double(try node.context.float("ratio", default: 0.5)) }
    return try node.optionalTensor(1)?.converted(to: .float64)?.elements(Double.self)?.first ?? 0.5
  }
}
