import Foundation
import Graph

/// A model of one operator, in a file: `y = Relu(x)` for `x` of 2 x 3 floats.
struct SmallModel {
  let folder: URL
  var file: String { folder.appending(path: "model.onnx").path }
  var input: String { folder.appending(path: "test_data_set_0/input_0.pb").path }

  /// Writes the model into a folder, with a case for `verify`: inputs -1, 0, 1, 2, 3, 4.
  init(in folder: URL, expected: [Float] = [0, 0, 1, 2, 3, 4]) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var graph = Graph(name: "small")
    let x = graph.addInput(name: "x", type: .tensor(.float32, [2, 3]))
    let y = graph.append(
      OperatorID("Relu", version: 17), name: "relu", inputs: [x], output: "y", type: .tensor(.float32, [2, 3]))
    graph.addOutput(y)
    try Model(graph: graph).write(to: file)
    let data = folder.appending(path: "test_data_set_0")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    try Self.tensorProto([-1, 0, 1, 2, 3, 4]).write(to: data.appending(path: "input_0.pb"))
    try Self.tensorProto(expected).write(to: data.appending(path: "output_0.pb"))
  }

  /// A `TensorProto` of 2 x 3 floats.
  private static func tensorProto(_ elements: [Float]) -> Data {
    var data = Data([0x08, 2, 0x08, 3, 0x10, 1, 0x4A, UInt8(4 * elements.count)])
    for element in elements { withUnsafeBytes(of: element.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    return data
  }
}
