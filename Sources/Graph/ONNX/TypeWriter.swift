extension ValueType {
  /// A `TypeProto`.
  var message: WireMessage {
    var message = WireMessage()
    switch self {
    case .tensor(let type, let shape):
      message.append(FieldNumber.ValueType.tensor, Self.tensor(type, shape))
    case .sparseTensor(let type, let shape):
      message.append(FieldNumber.ValueType.sparseTensor, Self.tensor(type, shape))
    case .sequence(let element):
      message.append(FieldNumber.ValueType.sequence, Self.container(element))
    case .optional(let element):
      message.append(FieldNumber.ValueType.optional, Self.container(element))
    case .map(let key, let value):
      var map = WireMessage()
      map.append(FieldNumber.ValueType.key, Int(key.rawValue))
      map.append(FieldNumber.ValueType.value, value.message)
      message.append(FieldNumber.ValueType.map, map)
    case .opaque(let domain, let name):
      var opaque = WireMessage()
      opaque.appendNonEmpty(FieldNumber.ValueType.opaqueDomain, domain)
      opaque.appendNonEmpty(FieldNumber.ValueType.opaqueName, name)
      message.append(FieldNumber.ValueType.opaque, opaque)
    }
    return message
  }

  /// A `TypeProto.Tensor` or `TypeProto.SparseTensor`.
  private static func tensor(_ type: DataType, _ shape: Shape?) -> WireMessage {
    var tensor = WireMessage()
    tensor.append(FieldNumber.ValueType.element, Int(type.rawValue))
    if let shape { tensor.append(FieldNumber.ValueType.shape, shape.message) }
    return tensor
  }

  /// A `TypeProto.Sequence` or `TypeProto.Optional`.
  private static func container(_ element: ValueType) -> WireMessage {
    var container = WireMessage()
    container.append(FieldNumber.ValueType.element, element.message)
    return container
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
