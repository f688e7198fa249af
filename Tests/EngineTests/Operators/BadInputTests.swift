import Engine
import Graph
import Testing

/// Nodes that no engine can run end as errors that name them, never in a trap.
struct BadInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var version = 13
    let inputs: [Tensor?]
    var attributes: [String: Attribute] = [:]
    var outputs = 1
    var testDescription: String { "\(name) of \(inputs) with \(attributes.keys.sorted())" }
  }

  private static let scalar = Tensor(scalar: Float(1))
  private static let row = Tensor(shape: [3], [1, 2, 3] as [Float])
  private static let matrix = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Float])
  private static let zero = Tensor(shape: [1], [Int64(0)])

  static let cases: [Case] = [
    // A scalar has no axis.
    Case(name: "Split", inputs: [scalar], outputs: 2),
    Case(name: "Gather", inputs: [scalar, zero]),
    Case(name: "ArgMax", inputs: [scalar]),
    Case(name: "TopK", version: 11, inputs: [scalar, zero], outputs: 2),
    Case(name: "CumSum", version: 14, inputs: [scalar, Tensor(scalar: Int64(0))]),
    Case(name: "SplitToSequence", version: 11, inputs: [scalar]),
    Case(name: "ReduceMax", version: 18, inputs: [scalar, zero]),
    Case(name: "Concat", inputs: [scalar, scalar], attributes: ["axis": .int(0)]),
    // Attributes that ONNX does not define.
    Case(name: "Transpose", inputs: [matrix], attributes: ["perm": .ints([0, -1])]),
    Case(name: "Transpose", inputs: [matrix], attributes: ["perm": .ints([0, 0])]),
    Case(name: "ReduceMean", inputs: [matrix], attributes: ["keepdims": .int(2)]),
    Case(name: "Constant", inputs: [], attributes: ["value_int": .int(1), "value_float": .float(2)]),
    Case(
      name: "GatherND", inputs: [matrix, Tensor(shape: [1, 1], [Int64(0)])], attributes: ["batch_dims": .int(.max)]),
    // Sizes that no tensor can have.
    Case(name: "ConstantOfShape", version: 9, inputs: [Tensor(shape: [2], [Int64(1) << 62, 4])]),
    Case(name: "ConstantOfShape", version: 9, inputs: [Tensor(shape: [1], [Int64(-1)])]),
    Case(name: "ConstantOfShape", version: 9, inputs: [Tensor(shape: [1], [Int64(1) << 46])]),
    Case(
      name: "Reshape", inputs: [Tensor(shape: [0], [Float]()), Tensor(shape: [3], [Int64(0), 1 << 62, 1 << 62])]),
    Case(name: "Expand", inputs: [row, Tensor(shape: [2], [Int64(1) << 62, 3])]),
    Case(name: "Tile", inputs: [row, Tensor(shape: [1], [Int64.max])]),
  ]

  @Test(arguments: cases, [true, false])
  func isAnError(_ bad: Case, optimize: Bool) {
    #expect(throws: EngineError.self) {
      try runNode(
        bad.name, version: bad.version, bad.inputs, attributes: bad.attributes, outputs: bad.outputs,
        optimize: optimize)
    }
  }

  /// Work that would take years is refused before it begins.
  @Test(arguments: [1 << 20, 1 << 31, Int.max])
  func regionsOfTooManySamples(ratio: Int) throws {
    let image = Tensor(shape: [1, 1, 2, 2], [1, 2, 3, 4] as [Float])
    let (region, item) = (Tensor(shape: [1, 4], [0, 0, 1, 1] as [Float]), Tensor(shape: [1], [Int64(0)]))
    #expect {
      try runNode("RoiAlign", version: 16, [image, region, item], attributes: ["sampling_ratio": .int(ratio)])
    } throws: {
      if case EngineError.model(_, .invalidAttribute("node", "sampling_ratio", _, _)) = $0 { true } else { false }
    }
    let large = Tensor(shape: [1, 4], [0, 0, 1e6, 1e6] as [Float])
    #expect {
      try runNode("RoiAlign", version: 16, [image, large, item])
    } throws: {
      if case EngineError.model(_, .invalidValue("node", _, _, _)) = $0 { true } else { false }
    }
    let mean = try runTensor("RoiAlign", version: 16, [image, region, item], attributes: ["sampling_ratio": .int(64)])
    #expect(try #require(mean?.elements(Float.self)?.first).isFinite)
  }

  /// The logarithm of a softmax keeps its digits beside a number that is far larger.
  @Test func logSoftmaxOfLargeNumbers() throws {
    let x = Tensor(shape: [1, 2], [1e5, 1e5] as [Float])
    for version in [11, 13] {
      let y = try runTensor("LogSoftmax", version: version, [x])?.elements(Float.self)
      #expect(y == [-0.6931472, -0.6931472])
    }
  }
}
