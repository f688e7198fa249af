extension ValueType {
  /// A `TypeProto`.
  var message: WireMessage {
    var message = WireMessage()
    switch self {
    case .tensor(let type, let shape):
      var tensor = WireMessage()
      tensor.append(FieldNumber.ValueType.element, Int(type.rawValue))
      if let shape { tensor.append(FieldNumber.ValueType.shape, shape.message) }
      message.append(FieldNumber.ValueType.tensor, tensor)
    case .sequence(let element):
      var sequence = WireMessage()
      sequence.append(FieldNumber.ValueType.element, element.message)
      message.append(FieldNumber.ValueType.sequence, sequence)
    case .optional(let element):
      var optional = WireMessage()
      optional.append(FieldNumber.ValueType.element, element.message)
      message.append(FieldNumber.ValueType.optional, optional)
    }
    return message
  }
}

extension Shape {
  /// A `TensorShapeProto`.
  fileprivate var message: WireMessage {
    var message = WireMessage()
    for dimension in dimensions {
      var size = WireMessage()
      switch dimension {
      case .known(let known): size.append(FieldNumber.Shape.size, known)
      case .symbol(let symbol): size.append(FieldNumber.Shape.symbol, symbol)
      case .unknown: break
      }
      message.append(FieldNumber.Shape.dimensions, size)
    }
    return message
  }
}
