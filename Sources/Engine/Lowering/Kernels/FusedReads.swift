import Graph
import Kernels

/// Bias, residual and activation of a fused operator: what a step reads for them, and where in its reads they are.
///
/// `FusedConv` and `FusedMatMul` take the bias as their third input and the residual as their fourth; `Conv` takes a bias alone.
struct FusedReads {
  /// What the step reads beside its other inputs.
  private(set) var values: [ValueID] = []
  private var bias: Int?
  private var residual: Int?
  private let activation: Activation

  /// - Parameter count: how many values the step reads before these.
  init(_ context: NodeContext, after count: Int) throws(GraphError) {
    activation = try FusedActivation(of: context).kernelActivation
    if context.hasInput(2), let bias = context.node.inputs[2] {
      self.bias = count
      values.append(bias)
    }
    if context.hasInput(3), let residual = context.node.inputs[3] {
      self.residual = count + values.count
      values.append(residual)
    }
  }

  /// The residual, whose memory the output may take over.
  var inPlace: [Int] { residual.map { [$0] } ?? [] }

  /// What the kernel does to its sums.
  func epilogue(_ frame: Frame) -> Epilogue {
    var epilogue = Epilogue(axis: .columns, activation: activation)
    if let bias { epilogue.bias = frame.input(bias) }
    if let residual { epilogue.residual = frame.input(residual) }
    return epilogue
  }
}

extension FusedActivation {
  /// The kernels' name for it.
  fileprivate var kernelActivation: Activation {
    switch self {
    case .none: .none
    case .relu: .relu
    case .clip(let min, let max): .clip(min: min, max: max)
    case .leakyRelu(let slope): .leakyRelu(alpha: slope)
    case .hardSwish: .hardSwish
    case .silu: .silu
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    }
  }
}
