import Foundation
import Graph

extension Tensor {
  /// Reads a tensor from a `.npy` file or a `.pb` file (a `TensorProto`), as the name's ending says.
  ///
  /// - Throws: `BenchError` or `GraphError`, which name the file.
  public init(contentsOf file: URL) throws {
    switch file.pathExtension.lowercased() {
    case "npy": try self.init(npyFile: file)
    case "pb": try self.init(onnxTensorFile: file.path)
    default: throw BenchError.malformed(file: file.path, what: "a tensor's file ends in .npy or .pb")
    }
  }

  /// The file name under which an output is written: characters that file systems refuse become `_`.
  public static func fileName(forValue name: String) -> String {
    String(name.map { "/\\:".contains($0) ? "_" : $0 }) + ".npy"
  }
}
