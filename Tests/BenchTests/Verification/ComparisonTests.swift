import Bench
import Engine
import Graph
import Testing

struct ComparisonTests {
  /// What `numpy.allclose(found, expected, rtol, atol, equal_nan=True)` says of one element.
  static let elements: [(found: Float, expected: Float, agree: Bool)] = [
    (1, 1, true), (1.0009, 1, true), (1.0011, 1, false), (0.9989, 1, false), (-1, 1, false),
    (0, 0, true), (-0.0, 0, true), (9e-8, 0, true), (2e-7, 0, false),
    (.infinity, .infinity, true), (-.infinity, .infinity, false), (.infinity, 3e38, false), (3e38, .infinity, false),
    (.nan, .nan, true), (.nan, 1, false), (1, .nan, false),
  ]

  @Test(arguments: elements)
  func followsTheRuleOfAllclose(value: Float, expected: Float, agree: Bool) {
    let result = Result { () throws(Mismatch) in
      try Comparison.check(
        .tensor(Tensor(scalar: value)), against: .tensor(Tensor(scalar: expected)), within: .standard)
    }
    let found = (try? result.get()) != nil
    #expect(found == agree)
  }

  @Test func namesTheWorstElement() {
    let found = Tensor(shape: [2, 3], [1, 2, 3, 4, 6, 9] as [Float])
    let expected = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Float])
    #expect(throws: Mismatch.elements(worst: [1, 2], expected: "6", found: "9", wrong: 2, of: 6)) {
      try Comparison.check(.tensor(found), against: .tensor(expected), within: .standard)
    }
  }

  /// Beyond 2⁵³ neighbours are the same number as doubles.
  @Test func longIntegersAreComparedExactly() throws {
    let exact = Tolerance(relative: 0, absolute: 0)
    func check(_ found: Tensor, _ expected: Tensor, within tolerance: Tolerance) throws(Mismatch) {
      try Comparison.check(.tensor(found), against: .tensor(expected), within: tolerance)
    }
    let (signed, unsigned) = (Tensor(scalar: Int64.max), Tensor(scalar: UInt64.max))
    try check(signed, signed, within: exact)
    try check(unsigned, unsigned, within: exact)
    #expect(
      throws: Mismatch.elements(
        worst: [], expected: "9223372036854775807", found: "9223372036854775806", wrong: 1, of: 1)
    ) { try check(Tensor(scalar: Int64.max - 1), signed, within: exact) }
    #expect(
      throws: Mismatch.elements(
        worst: [], expected: "18446744073709551615", found: "18446744073709551614", wrong: 1, of: 1)
    ) { try check(Tensor(scalar: UInt64.max - 1), unsigned, within: exact) }
    // A difference of 2⁶⁴ - 1, which no Int64 holds.
    #expect(throws: Mismatch.self) {
      try check(Tensor(scalar: Int64.min), signed, within: Tolerance(relative: 1.9, absolute: 0))
    }
    try check(Tensor(scalar: Int64.min), signed, within: Tolerance(relative: 2.1, absolute: 0))
  }

  @Test func toleranceGrowsWithTheExpectedValue() throws {
    let loose = Tolerance(relative: 0.1, absolute: 0)
    try Comparison.check(
      .tensor(Tensor(scalar: Int32(109))), against: .tensor(Tensor(scalar: Int32(100))), within: loose)
    #expect(throws: Mismatch.self) {
      try Comparison.check(.tensor(Tensor(scalar: Int32(1))), against: .tensor(Tensor(scalar: Int32(0))), within: loose)
    }
  }

  @Test func typesAndShapesMustBeEqual() {
    let value = RuntimeValue.tensor(Tensor(shape: [2], [1, 2] as [Float]))
    #expect(throws: Mismatch.type(expected: "float[1x2]", found: "float[2]")) {
      try Comparison.check(value, against: .tensor(Tensor(shape: [1, 2], [1, 2] as [Float])), within: .standard)
    }
    #expect(throws: Mismatch.type(expected: "double[2]", found: "float[2]")) {
      try Comparison.check(value, against: .tensor(Tensor(shape: [2], [1, 2] as [Double])), within: .standard)
    }
    #expect(throws: Mismatch.kind(expected: "nothing", found: "float[2]")) {
      try Comparison.check(value, against: .none, within: .standard)
    }
  }

  @Test func sequencesAgreeElementByElement() throws {
    let (one, two) = (Tensor(scalar: Int64(1)), Tensor(scalar: Int64(2)))
    let both = RuntimeValue.sequence([one, two], of: .int64)
    try Comparison.check(both, against: both, within: .standard)
    #expect(throws: Mismatch.length(expected: 1, found: 2)) {
      try Comparison.check(both, against: .sequence([one], of: .int64), within: .standard)
    }
    #expect(
      throws: Mismatch.element(index: 0, .elements(worst: [], expected: "2", found: "1", wrong: 1, of: 1))
    ) {
      try Comparison.check(both, against: .sequence([two, two], of: .int64), within: .standard)
    }
    try Comparison.check(.none, against: .none, within: .standard)
  }

  @Test func stringsMustBeEqual() {
    let (a, b) = (Tensor(shape: [2], strings: ["a", "b"]), Tensor(shape: [2], strings: ["a", "c"]))
    #expect(throws: Mismatch.elements(worst: [1], expected: "'c'", found: "'b'", wrong: 1, of: 2)) {
      try Comparison.check(.tensor(a), against: .tensor(b), within: .standard)
    }
  }
}
