import Foundation
import Graph
import TestSupport
import Testing

/// The committed models, each with a spelling of its own: reading, writing and reading again changes nothing.
struct RoundTripTests {
  static let folder =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Fixtures/cases"

  static let cases: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
      FileManager.default.fileExists(atPath: "\(folder)/\($0)/model.onnx")
    }.sorted()

  @Test func thereAreCases() { #expect(Self.cases.count > 200) }

  @Test(arguments: cases)
  func keepsEverything(name: String) throws {
    let model = try Model(contentsOf: "\(Self.folder)/\(name)/model.onnx")
    let bytes = try model.serialized()
    let copy = try Model(bytes: bytes, source: name)
    #expect(GraphComparison.differences(model.graph, copy.graph) == [])
    #expect(copy.opsets[""] == model.opsets[""])
    #expect(copy.producerName == model.producerName && copy.metadata == model.metadata)
    #expect(try copy.serialized() == bytes)
  }

  @Test(arguments: cases.filter { $0.hasPrefix("opset") || $0.hasPrefix("if_") || $0.hasPrefix("weights") })
  func keepsEverythingInExternalFiles(name: String) throws {
    let model = try Model(contentsOf: "\(Self.folder)/\(name)/model.onnx")
    let folder = try TemporaryFolder()
    try model.write(to: folder.file("copy.onnx"), externalDataThreshold: 1)
    #expect(["copy.onnx", "copy.onnx.data"].starts(with: folder.contents))
    let copy = try Model(contentsOf: folder.file("copy.onnx"))
    #expect(GraphComparison.differences(model.graph, copy.graph) == [])
  }

  /// Every element type, raw and in bytes that mean something: 13 elements also leave a part of a byte.
  @Test(arguments: DataType.allCases)
  func keepsEveryElementType(type: DataType) throws {
    let tensor =
      type == .string
      ? Tensor(shape: [13], strings: (0..<13).map { "\($0) ∅" })
      : Tensor(dataType: type, shape: [13]) { bytes in
        for i in bytes.indices { bytes[i] = UInt8(truncatingIfNeeded: 37 * i + 11) }
      }
    var graph = Graph(name: "types")
    let constant = graph.addConstant(name: "c", tensor)
    let output = graph.append(
      OperatorID("Add", version: 17), inputs: [constant, nil],
      attributes: ["t": .tensor(tensor), "u": .tensors([tensor])],
      output: "y", type: .tensor(type, [13]))
    graph.addOutput(output)
    let copy = try Model(bytes: Model(graph: graph).serialized(), source: "types")
    #expect(GraphComparison.differences(graph, copy.graph) == [])
  }

  /// What a file declares of inputs, outputs and attributes, also of kinds that no operator takes.
  @Test(arguments: [
    ValueType.tensor(.float16, nil), .tensor(.float32, []), .tensor(.int64, [.symbol("N"), 3, .unknown]),
    .sparseTensor(.float32, [3, .unknown]), .sparseTensor(.int8, nil), .sequence(.sequence(.tensor(.string, nil))),
    .optional(.sequence(.tensor(.bool, [1]))), .sequence(.map(key: .int64, value: .tensor(.float32, nil))),
    .map(key: .string, value: .map(key: .uint8, value: .tensor(.float64, [2]))),
    .opaque(domain: "org.example", name: "Picture"), .opaque(domain: "", name: ""),
  ])
  func keepsTypesOfEveryKind(type: ValueType) throws {
    var graph = Graph(name: "types")
    let x = graph.addInput(name: "x", type: type)
    graph.addOutput(
      graph.append(OperatorID("F", version: 17), inputs: [x], attributes: ["t": .type(type)], output: "y", type: type))
    let copy = try Model(bytes: Model(graph: graph).serialized(), source: "types").graph
    #expect(GraphComparison.differences(graph, copy) == [])
    #expect(copy[copy.inputs[0]].type == type && copy[copy.outputs[0]].type == type)
  }

  @Test func keepsAttributesOfEveryKind() throws {
    var graph = Graph(name: "attributes")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [.symbol("N"), .unknown, 3]))
    let y = graph.append(
      OperatorID("All", domain: "com.example", version: 3), name: "all", inputs: [nil, x],
      attributes: [
        "int": .int(.min), "float": .float(-.infinity), "string": .string("tschüß"), "ints": .ints([-1, .max]),
        "floats": .floats([.pi, -0.0]), "strings": .strings(["", "a"]), "no_ints": .ints([]), "no_floats": .floats([]),
        "no_strings": .strings([]), "type": .type(.optional(.sequence(.tensor(.int4, nil)))),
      ], output: "y", type: .sequence(.tensor(.float32, [2])))
    graph.addOutput(y)
    let copy = try Model(bytes: Model(graph: graph).serialized(), source: "attributes")
    #expect(GraphComparison.differences(graph, copy.graph) == [])
    #expect(copy.opsets == ["": 17, "com.example": 3])
  }
}
