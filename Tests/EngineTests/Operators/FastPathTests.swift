import Engine
import Graph
import TestSupport
import Testing

/// Kernels that compute what references compute, bit for bit.
struct FastPathTests {
  /// One node with its inputs.
  struct Case: CustomTestStringConvertible, Sendable {
    let op: String
    let version: Int
    let inputs: [Tensor]
    var attributes: [String: Attribute] = [:]
    /// How many of the inputs are constants of the model rather than given at run time: the last ones.
    var constants = 0
    var testDescription: String { "\(op) \(inputs)" }
  }

  private static func numbers<E: TensorElement>(_ shape: [Int], _ make: (Int) -> E) -> Tensor {
    var random = SplitMix64(seed: UInt64(shape.count + 1))
    return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in make(Int.random(in: -9...9, using: &random)) })
  }

  private static func floats(_ shape: [Int]) -> Tensor { numbers(shape) { Float($0) / 4 } }
  private static func flags(_ shape: [Int]) -> Tensor { numbers(shape) { Bool8($0 > 0) } }
  private static func longs(_ shape: [Int]) -> Tensor { numbers(shape) { Int64($0) } }
  private static func ints(_ shape: [Int]) -> Tensor { numbers(shape) { Int32($0) } }
  private static func integers(_ values: [Int64]) -> Tensor { Tensor(shape: [values.count], values) }

  /// Shapes that broadcast: alike, a scalar, rows, columns, both, a stretch long enough for several threads.
  private static let pairs: [([Int], [Int])] = [
    ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], []), ([], [5]), ([3, 4], [2, 3, 1]), ([2, 1, 4], [1, 3, 1]), ([1], [1]),
    ([40_000], [40_000]), ([3, 1, 200, 1], [200, 201]),
  ]

  static let pairCases: [Case] = {
    var cases: [Case] = []
    for (a, b) in pairs {
      for op in ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"] {
        cases.append(Case(op: op, version: 16, inputs: [floats(a), floats(b)]))
        cases.append(Case(op: op, version: 16, inputs: [longs(a), longs(b)]))
        cases.append(Case(op: op, version: 16, inputs: [ints(a), ints(b)]))
      }
      cases.append(Case(op: "Equal", version: 19, inputs: [flags(a), flags(b)]))
      for op in ["And", "Or", "Xor"] { cases.append(Case(op: op, version: 7, inputs: [flags(a), flags(b)])) }
      for op in ["Add", "Sub", "Mul", "Div"] {
        cases.append(Case(op: op, version: 14, inputs: [longs(a), longs(b)]))
        cases.append(Case(op: op, version: 14, inputs: [ints(a), ints(b)]))
      }
      cases.append(Case(op: "Pow", version: 15, inputs: [floats(a), floats(b)]))
      cases.append(Case(op: "Where", version: 16, inputs: [flags(a), floats(b), floats(a)]))
      cases.append(Case(op: "Where", version: 16, inputs: [flags(b), longs(a), longs([])]))
      cases.append(Case(op: "Where", version: 16, inputs: [flags(a), flags([]), flags([])]))
      cases.append(Case(op: "Where", version: 16, inputs: [flags([]), floats(a), floats(b)]))
    }
    return cases
  }()

  static let castCases: [Case] = {
    let sources: [Tensor] = [
      floats([7, 33]), longs([50_000]), ints([3]), flags([5]), numbers([9]) { Double($0) / 3 },
      numbers([70]) { Float16($0) / 3 }, numbers([4]) { UInt8(truncatingIfNeeded: $0) },
      Tensor(shape: [6], [Float.nan, .infinity, -.infinity, 3e9, -1e30, -0.5]),
    ]
    let targets: [DataType] = [.float32, .float64, .float16, .int64, .int32, .bool]
    var cases = [Case(op: "Not", version: 1, inputs: [flags([3, 4])])]
    for source in sources {
      for target in targets where target != source.dataType {
        let attributes: [String: Attribute] = ["to": .int(Int(target.rawValue))]
        cases.append(Case(op: "Cast", version: 13, inputs: [source], attributes: attributes))
      }
    }
    return cases
  }()

  /// Starts, ends, axes, steps.
  private static let bounds: [[[Int64]]] = [
    [[1], [3], [0], [1]], [[0, 1], [4, 100], [1, 2], [2, 3]], [[-1], [.min], [2], [-1]],
    [[-1, 3, 0], [.min, 0, 1], [0, 1, 2], [-2, -1, 1]], [[2], [3], [-1], [5]],
  ]

  static let sliceCases: [Case] = {
    var cases: [Case] = []
    for bound in bounds {
      for data in [floats([4, 5, 6]), flags([4, 5, 6]), longs([4, 5, 6])] {
        cases.append(Case(op: "Slice", version: 13, inputs: [data] + bound.map(integers), constants: 4))
      }
    }
    return cases
  }()

  @Test(arguments: pairCases + castCases + sliceCases)
  func equalsReference(_ item: Case) throws {
    var graph = Graph(name: "single")
    var arguments: [String: Tensor] = [:]
    var inputs: [ValueID?] = []
    for (index, tensor) in item.inputs.enumerated() {
      if index >= item.inputs.count - item.constants {
        inputs.append(graph.addConstant(name: "x\(index)", tensor))
      } else {
        inputs.append(graph.addInput(name: "x\(index)", type: .tensor(tensor.dataType, Shape(tensor.shape))))
        arguments["x\(index)"] = tensor
      }
    }
    let output = graph.addValue(name: "y")
    let node = Node(
      OperatorID(item.op, version: item.version), name: "node", inputs: inputs, outputs: [output],
      attributes: item.attributes)
    graph.append(node)
    graph.addOutput(output)

    let expected = try LoweringRegistry.standard.lowering(for: node).evaluate(
      Evaluation(node: node, inputs: item.inputs.map(RuntimeValue.tensor)))[0].tensor
    for threads in 1...2 {
      let session = try Session(
        CompiledModel(Model(graph: graph, source: "single")), options: SessionOptions(threads: threads))
      let found = try session.run(arguments)["y"]
      #expect(found?.shape == expected?.shape)
      #expect(found?.dataType == expected?.dataType)
      #expect(found.flatMap(Self.bytes) == expected.flatMap(Self.bytes))
      if item.op != "Cast" { #expect(try session.plan().kernels.allSatisfy { $0 != "reference" }) }
    }
  }

  private static func bytes(_ tensor: Tensor) -> [UInt8]? {
    tensor.withBytes { bytes in bytes.indices.map { bytes[$0] } }
  }
}
