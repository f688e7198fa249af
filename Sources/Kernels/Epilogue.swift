import KernelTemplates

/// What a product or a convolution does to its sums before they are stored: output = activation(sum + bias + residual).
public struct Epilogue {
  /// Which axis of the output a product's bias belongs to.
  ///
  /// A convolution's bias is always one number per output channel.
  public enum BiasAxis: Hashable, Sendable {
    /// One number per row.
    case rows
    /// One number per column.
    case columns
  }

  /// The bias, or none.
  public var bias: UnsafePointer<Float>?
  /// What the bias runs along.
  public var axis: BiasAxis
  /// Added element by element; laid out as the output, of which it may be the very buffer.
  public var residual: UnsafePointer<Float>?
  /// Applied last.
  public var activation: Activation

  /// An epilogue; by default it does nothing.
  public init(
    bias: UnsafePointer<Float>? = nil, axis: BiasAxis = .columns, residual: UnsafePointer<Float>? = nil,
    activation: Activation = .none
  ) {
    self.bias = bias
    self.axis = axis
    self.residual = residual
    self.activation = activation
  }
}

extension GEMMBlock {
  /// Sets bias, residual and bounds; `activation` beyond bounds is the caller's to apply when the block is finished.
  mutating func set(_ epilogue: Epilogue) {
    if epilogue.axis == .rows { rowBias = epilogue.bias } else { columnBias = epilogue.bias }
    residual = epilogue.residual
    if let bounds = epilogue.activation.bounds { (lowerBound, upperBound) = bounds }
  }
}
