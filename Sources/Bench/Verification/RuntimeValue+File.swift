import Engine
import Foundation
import Graph

extension RuntimeValue {
  /// Reads a value from a file of a test case.
  ///
  /// - Parameter declared: the type that the model declares for the value: the file does not tell what it holds.
  /// - Throws: `GraphError` naming the file, or `BenchError.malformed` for values that no model can take, such as
  ///   sequences of sequences.
  public init(contentsOf file: URL, declared: ValueType?) throws {
    try self.init(ONNXValue(onnxFile: file.path, type: declared), declared: declared, file: file.path)
  }

  private init(_ value: ONNXValue, declared: ValueType?, file: String) throws(BenchError) {
    switch value {
    case .tensor(let tensor): self = .tensor(tensor)
    case .optional(nil): self = .none
    case .optional(let inner?):
      let element: ValueType? = if case .optional(let element)? = declared { element } else { nil }
      try self.init(inner, declared: element, file: file)
    case .sequence(let elements):
      var tensors: [Tensor] = []
      for element in elements {
        guard case .tensor(let tensor) = element else {
          throw .malformed(file: file, what: "a sequence that holds other than tensors")
        }
        tensors.append(tensor)
      }
      var type = tensors.first?.dataType
      if case .sequence(let element)? = declared { type = type ?? element.dataType }
      self = .sequence(tensors, of: type ?? .float32)
    }
  }
}
