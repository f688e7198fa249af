import CONNX

extension ValueType {
  /// Reads a type; nil for none, and for one whose element type is left undefined.
  ///
  /// - Parameter place: what has the type, for the error.
  /// - Throws: `GraphError.invalidGraph` for an element type that ONNX does not define.
  init?(_ proto: UnsafeMutablePointer<Onnx__TypeProto>?, of place: String) throws(GraphError) {
    guard let proto = proto?.pointee else { return nil }
    switch proto.value_case {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = proto.tensor_type?.pointee, let type = try DataType(tensor.elem_type, of: place) else {
        return nil
      }
      self = .tensor(type, Shape(tensor.shape))
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
      guard let tensor = proto.sparse_tensor_type?.pointee, let type = try DataType(tensor.elem_type, of: place) else {
        return nil
      }
      self = .sparseTensor(type, Shape(tensor.shape))
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      guard let element = try ValueType(proto.sequence_type?.pointee.elem_type, of: place) else { return nil }
      self = .sequence(element)
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      guard let element = try ValueType(proto.optional_type?.pointee.elem_type, of: place) else { return nil }
      self = .optional(element)
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
      guard let map = proto.map_type?.pointee, let key = try DataType(map.key_type, of: place),
        let value = try ValueType(map.value_type, of: place)
      else { return nil }
      self = .map(key: key, value: value)
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
      guard let opaque = proto.opaque_type?.pointee else { return nil }
      self = .opaque(domain: text(opaque.domain), name: text(opaque.name))
    default: return nil
    }
  }
}

extension DataType {
  /// Reads an element type; nil for 0, which ONNX calls undefined.
  fileprivate init?(_ number: Int32, of place: String) throws(GraphError) {
    if number == 0 { return nil }
    guard let type = DataType(rawValue: number) else {
      throw .invalidGraph(node: place, what: "element type \(number) is not one of ONNX")
    }
    self = type
  }
}

extension Shape {
  /// Reads a shape; nil for none.
  ///
  /// Sizes below zero, which some exporters write, are unknown ones.
  init?(_ proto: UnsafeMutablePointer<Onnx__TensorShapeProto>?) {
    guard let proto = proto?.pointee else { return nil }
    self.init(
      messages(proto.dim, proto.n_dim).map { dimension -> Dimension in
        switch dimension.pointee.value_case {
        case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
          dimension.pointee.dim_value >= 0 ? .known(Int(dimension.pointee.dim_value)) : .unknown
        case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
          text(dimension.pointee.dim_param).isEmpty ? .unknown : .symbol(text(dimension.pointee.dim_param))
        default: .unknown
        }
      })
  }
}
