import Graph
import Kernels

/// Fast paths by `BroadcastLoop`: arithmetic of whole numbers, comparisons, truth values, conversions and `Where`.
enum LoopKernel {
  /// Arithmetic of 32- and 64-bit whole numbers.
  static func integers(_ function: some BinaryFunction) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let operands = try Operands(context, plan), operands.output == operands.input else { return false }
      switch operands.input {
      case .int64: append(operands, "binary_int64", Int64.self, &plan) { function($0, $1) }
      case .int32: append(operands, "binary_int32", Int32.self, &plan) { function($0, $1) }
      default: return false
      }
      return true
    }
  }

  /// A comparison of floats, of whole numbers or of truth values.
  static func relation(_ relation: some ElementRelation) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let operands = try Operands(context, plan), operands.output == .bool else { return false }
      switch operands.input {
      case .float32: append(operands, "compare_f32", Float.self, &plan) { Bool8(relation($0, $1)) }
      case .int64: append(operands, "compare_int64", Int64.self, &plan) { Bool8(relation($0, $1)) }
      case .int32: append(operands, "compare_int32", Int32.self, &plan) { Bool8(relation($0, $1)) }
      case .bool:
        append(operands, "compare_bool", Bool8.self, &plan) { Bool8(relation($0.value ? 1 : 0, $1.value ? 1 : 0)) }
      default: return false
      }
      return true
    }
  }

  /// A function of two truth values.
  static func logical(_ function: @escaping @Sendable (Bool, Bool) -> Bool) -> Lowering.Lower {
    { context, plan throws(GraphError) in
      guard let operands = try Operands(context, plan), operands.input == .bool else { return false }
      append(operands, "logic_bool", Bool8.self, &plan) { Bool8(function($0.value, $1.value)) }
      return true
    }
  }

  /// `Where`, for elements of any type of whole bytes.
  static let select: Lowering.Lower = { context, plan throws(GraphError) in
    guard context.inputCount == 3, let output = context.node.outputs[0], let result = plan.tensorType(of: output),
      result.sizes.allSatisfy({ $0 > 0 })
    else { return false }
    let inputs = context.node.inputs.compactMap { $0 }
    let types = inputs.compactMap { plan.tensorType(of: $0) }
    guard types.count == 3, types[0].dataType == .bool, types[1].dataType == types[2].dataType else { return false }
    let loop = BroadcastLoop(types.map(\.sizes), to: result.sizes)
    func append<Element>(_ element: Element.Type) {
      plan.append("where_\(result.dataType)", reading: inputs, writing: [output]) { frame in
        loop.select(
          frame.kernels, frame.input(0, as: UInt8.self), frame.input(1, as: Element.self),
          frame.input(2, as: Element.self), frame.output(0, as: Element.self))
      }
    }
    switch result.dataType.bitWidth {
    case 8: append(UInt8.self)
    case 16: append(UInt16.self)
    case 32: append(UInt32.self)
    case 64: append(UInt64.self)
    default: return false
    }
    return true
  }

  /// The operands of a function of two tensors of one type.
  private struct Operands {
    let inputs: [ValueID]
    let result: ValueID
    let input: DataType
    let output: DataType
    let inPlace: [Int]
    let loop: BroadcastLoop

    init?(_ context: NodeContext, _ plan: PlanBuilder) throws(GraphError) {
      guard context.inputCount == 2, let left = context.node.inputs[0], let right = context.node.inputs[1],
        let result = context.node.outputs[0], let a = plan.tensorType(of: left), let b = plan.tensorType(of: right),
        let y = plan.tensorType(of: result), a.dataType == b.dataType, y.sizes.allSatisfy({ $0 > 0 })
      else { return nil }
      inputs = [left, right]
      self.result = result
      input = a.dataType
      output = y.dataType
      inPlace = (a.sizes == y.sizes ? [0] : []) + (b.sizes == y.sizes ? [1] : [])
      loop = BroadcastLoop([a.sizes, try context.alignedSecondShape(a.sizes, b.sizes)], to: y.sizes)
    }
  }

  @inline(__always)
  private static func append<Element: TensorElement, Output: TensorElement>(
    _ operands: Operands, _ name: String, _ element: Element.Type, _ plan: inout PlanBuilder,
    _ function: @escaping @Sendable (Element, Element) -> Output
  ) {
    let loop = operands.loop
    plan.append(name, reading: operands.inputs, writing: [operands.result], inPlace: operands.inPlace) { frame in
      loop.map(
        frame.kernels, frame.input(0, as: Element.self), frame.input(1, as: Element.self),
        frame.output(0, as: Output.self), function)
    }
  }
}
