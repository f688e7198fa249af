import Graph

/// A value while a model runs.
public enum RuntimeValue: Sendable {
  /// A tensor.
  case tensor(Tensor)
  /// A sequence of tensors of one element type; may be empty.
  case sequence([Tensor], of: DataType)
  /// An optional that holds nothing.
  case none

  /// The tensor, if it is one.
  public var tensor: Tensor? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }

  /// Its type, with every size known.
  public var type: ValueType? {
    switch self {
    case .tensor(let tensor): .tensor(tensor.dataType, Shape(tensor.shape))
    case .sequence(_, let type): .sequence(.tensor(type, nil))
    case .none: nil
    }
  }
}
