import Engine
import Graph

/// Compares computed values with expected ones.
package enum Comparison {
  /// Checks that a value is the expected one within a tolerance; element types and shapes must be equal.
  ///
  /// - Throws: how they differ.
  package static func check(
    _ found: RuntimeValue, against expected: RuntimeValue, within tolerance: Tolerance
  ) throws(Mismatch) {
    switch (found, expected) {
    case (.tensor(let found), .tensor(let expected)): try check(found, against: expected, within: tolerance)
    case (.sequence(let found, _), .sequence(let expected, _)):
      guard found.count == expected.count else { throw .length(expected: expected.count, found: found.count) }
      for index in found.indices {
        do throws(Mismatch) {
          try check(found[index], against: expected[index], within: tolerance)
        } catch {
          throw .element(index: index, error)
        }
      }
    case (.none, .none): break
    default: throw .kind(expected: describe(expected), found: describe(found))
    }
  }

  private static func describe(_ value: RuntimeValue) -> String { value.type.map { "\($0)" } ?? "nothing" }

  private static func check(
    _ found: Tensor, against expected: Tensor, within tolerance: Tolerance
  ) throws(Mismatch) {
    guard found.dataType == expected.dataType, found.shape == expected.shape else {
      throw .type(expected: "\(expected)", found: "\(found)")
    }
    var worst = Worst(shape: expected.shape)
    if let found = found.strings, let expected = expected.strings {
      for index in found.indices where found[index] != expected[index] {
        worst.note(index, excess: .infinity) { ("'\(expected[index])'", "'\(found[index])'") }
      }
    } else {
      let count = expected.count
      let (found, expected) = (NumericElements(found), NumericElements(expected))
      for index in 0..<count {
        let excess = tolerance.excess(
          distance: found.distance(to: expected, at: index), magnitude: expected[index].magnitude)
        if excess > 1 {
          worst.note(index, excess: excess) { (expected.description(at: index), found.description(at: index)) }
        }
      }
    }
    if let mismatch = worst.mismatch { throw mismatch }
  }
}

/// The element that lies farthest off, and how many lie too far off.
private struct Worst {
  let shape: [Int]
  var wrong = 0
  var index = 0
  var excess = 0.0
  var texts = (expected: "", found: "")

  init(shape: [Int]) { self.shape = shape }

  mutating func note(_ index: Int, excess: Double, _ describe: () -> (String, String)) {
    wrong += 1
    guard excess > self.excess else { return }
    (self.index, self.excess) = (index, excess)
    texts = describe()
  }

  var mismatch: Mismatch? {
    guard wrong > 0 else { return nil }
    var position: [Int] = []
    var rest = index
    for size in shape.reversed() {
      position.insert(rest % size, at: 0)
      rest /= size
    }
    return .elements(
      worst: position, expected: texts.expected, found: texts.found, wrong: wrong, of: shape.reduce(1, *))
  }
}
