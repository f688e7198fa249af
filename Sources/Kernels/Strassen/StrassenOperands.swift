import KernelTemplates

/// The right operands of the seven products of quarters, of a piece of depth and a pair of column panels.
struct StrassenOperands {
  /// Quarters 11 and 21, and the elements to 12 and 22; or operand 0, itself once more, and the elements to the next operand.
  private let first: UnsafePointer<Float>, second: UnsafePointer<Float>
  private let step: Int
  /// Elements of an operand.
  private let count: Int
  /// Where the four operands go that must be combined, and the elements from one to the next; none if they all were before.
  private let combined: UnsafeMutablePointer<Float>?
  private let combinedStride: Int

  /// Quarters as they are.
  ///
  /// - Parameters:
  ///   - first: quarter 11.
  ///   - second: quarter 21.
  ///   - step: elements from quarter 11 to 12, and from 21 to 22.
  ///   - count: elements of each that are multiplied.
  ///   - combined: room for four combined quarters.
  ///   - combinedStride: elements from one of those to the next.
  init(
    first: UnsafePointer<Float>, second: UnsafePointer<Float>, step: Int, count: Int,
    combined: UnsafeMutablePointer<Float>, combinedStride: Int
  ) {
    (self.first, self.second, self.step, self.count) = (first, second, step, count)
    (self.combined, self.combinedStride) = (combined, combinedStride)
  }

  /// Operands that were combined before.
  ///
  /// - Parameters:
  ///   - operands: the first.
  ///   - stride: elements from one to the next.
  ///   - count: elements of each that are multiplied.
  init(operands: UnsafePointer<Float>, stride: Int, count: Int) {
    (first, second, step, self.count) = (operands, operands, stride, count)
    (combined, combinedStride) = (nil, 0)
  }

  /// The product to make in a turn: those that need nothing combined come first.
  func product(_ turn: Int) -> Int {
    guard combined != nil else { return turn }
    return turn == 2 ? 3 : turn == 3 ? 2 : turn
  }

  /// The operand of a product.
  func operand(_ product: Int) -> UnsafePointer<Float> {
    guard let combined else { return first + product * step }
    return switch product {
    case 0: first
    case 1: first + step
    case 2: UnsafePointer(combined)
    case 3: second + step
    default: UnsafePointer(combined) + (product - 3) * combinedStride
    }
  }

  /// What is to be combined while a product is made: a third in each of the first three turns.
  func combining(during turn: Int) -> StrassenLeft? {
    guard let combined, turn < 3 else { return nil }
    let start = turn * count / 48 * 16
    let end = turn == 2 ? count : (turn + 1) * count / 48 * 16
    let (from, to) = (first + start, combined + start)
    return StrassenLeft(
      q11: from, q12: from + step, q21: second + start, q22: second + (step + start), product2: to,
      product4: to + combinedStride, product5: to + 2 * combinedStride, product6: to + 3 * combinedStride,
      count: end - start)
  }

  /// What is to be fetched while a product is made: a quarter of the operands that come next in each of the last four turns, or
  /// the operand of the next turn.
  func ahead(during turn: Int, next: StrassenOperands?) -> (start: UnsafePointer<Float>, count: Int)? {
    if combined == nil, turn < 6 { return (operand(turn + 1), count) }
    guard let next else { return nil }
    if combined == nil { return (next.first, next.count) }
    return ((turn < 5 ? next.first : next.second) + (turn % 2 == 0 ? next.step : 0), next.count)
  }
}
