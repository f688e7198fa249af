import CONNX

extension ValueType {
  /// Reads a type; nil for none, and for kinds that models of tensors do not use (maps, opaque and sparse types).
  init?(_ proto: UnsafeMutablePointer<Onnx__TypeProto>?) {
    guard let proto = proto?.pointee else { return nil }
    switch proto.value_case {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = proto.tensor_type?.pointee, let type = DataType(rawValue: tensor.elem_type) else { return nil }
      self = .tensor(type, Shape(tensor.shape))
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      guard let element = ValueType(proto.sequence_type?.pointee.elem_type) else { return nil }
      self = .sequence(element)
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      guard let element = ValueType(proto.optional_type?.pointee.elem_type) else { return nil }
      self = .optional(element)
    default: return nil
    }
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
