/// Numbers of the fields that the writer writes: ONNX, onnx.proto.
enum FieldNumber {
  enum Model {
    static let irVersion: UInt32 = 1
    static let producerName: UInt32 = 2
    static let producerVersion: UInt32 = 3
    static let domain: UInt32 = 4
    static let modelVersion: UInt32 = 5
    static let documentation: UInt32 = 6
    static let graph: UInt32 = 7
    static let opsets: UInt32 = 8
    static let metadata: UInt32 = 14
    static let functions: UInt32 = 25
  }
  enum OperatorSet {
    static let domain: UInt32 = 1
    static let version: UInt32 = 2
  }
  enum Entry {
    static let key: UInt32 = 1
    static let value: UInt32 = 2
  }
  enum Graph {
    static let nodes: UInt32 = 1
    static let name: UInt32 = 2
    static let initializers: UInt32 = 5
    static let inputs: UInt32 = 11
    static let outputs: UInt32 = 12
    static let values: UInt32 = 13
  }
  enum Function {
    static let name: UInt32 = 1
    static let inputs: UInt32 = 4
    static let outputs: UInt32 = 5
    static let nodes: UInt32 = 7
    static let opsets: UInt32 = 9
    static let domain: UInt32 = 10
  }
  enum Node {
    static let inputs: UInt32 = 1
    static let outputs: UInt32 = 2
    static let name: UInt32 = 3
    static let operatorName: UInt32 = 4
    static let attributes: UInt32 = 5
    static let domain: UInt32 = 7
  }
  enum Attribute {
    static let name: UInt32 = 1
    static let float: UInt32 = 2
    static let int: UInt32 = 3
    static let string: UInt32 = 4
    static let tensor: UInt32 = 5
    static let graph: UInt32 = 6
    static let floats: UInt32 = 7
    static let ints: UInt32 = 8
    static let strings: UInt32 = 9
    static let tensors: UInt32 = 10
    static let graphs: UInt32 = 11
    static let valueType: UInt32 = 14
    static let kind: UInt32 = 20
  }
  enum Tensor {
    static let sizes: UInt32 = 1
    static let dataType: UInt32 = 2
    static let floats: UInt32 = 4
    static let int32s: UInt32 = 5
    static let strings: UInt32 = 6
    static let int64s: UInt32 = 7
    static let name: UInt32 = 8
    static let raw: UInt32 = 9
    static let doubles: UInt32 = 10
    static let uint64s: UInt32 = 11
    static let external: UInt32 = 13
    static let location: UInt32 = 14
  }
  enum ValueInfo {
    static let name: UInt32 = 1
    static let type: UInt32 = 2
  }
  enum ValueType {
    static let tensor: UInt32 = 1
    static let sequence: UInt32 = 4
    static let map: UInt32 = 5
    static let opaque: UInt32 = 7
    static let sparseTensor: UInt32 = 8
    static let optional: UInt32 = 9
    /// In tensors, sequences and optionals.
    static let element: UInt32 = 1
    /// In tensors.
    static let shape: UInt32 = 2
    /// In maps.
    static let key: UInt32 = 1
    static let value: UInt32 = 2
    /// In opaque types.
    static let opaqueDomain: UInt32 = 1
    static let opaqueName: UInt32 = 2
  }
  enum Shape {
    static let dimensions: UInt32 = 1
    static let size: UInt32 = 1
    static let symbol: UInt32 = 2
  }
}
