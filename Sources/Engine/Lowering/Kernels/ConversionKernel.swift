import Graph
import Kernels

/// Functions of single elements that are no 32-bit floats: conversions between types, and `Not`.
enum ConversionKernel {
  /// Converts `count` elements.
  private typealias Convert = @Sendable (_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int) -> Void

  private struct Pair: Hashable {
    let from: DataType
    let to: DataType

    init(_ from: DataType, _ to: DataType) { (self.from, self.to) = (from, to) }
  }

  /// The conversions that exporters write; each gives what the reference gives.
  private static let conversions: [Pair: Convert] = [
    Pair(.int64, .int32): loop(Int64.self) { Int32(numeric: $0) },
    Pair(.int64, .float32): loop(Int64.self) { $0.float },
    Pair(.int64, .bool): loop(Int64.self) { Bool8($0 != 0) },
    Pair(.int32, .int64): loop(Int32.self) { Int64($0) },
    Pair(.int32, .float32): loop(Int32.self) { $0.float },
    Pair(.int32, .bool): loop(Int32.self) { Bool8($0 != 0) },
    Pair(.float32, .int64): loop(Float.self) { Int64(numeric: $0.double) },
    Pair(.float32, .int32): loop(Float.self) { Int32(numeric: $0.double) },
    Pair(.float32, .bool): loop(Float.self) { Bool8($0 != 0) },
    Pair(.float32, .float64): loop(Float.self) { $0.double },
    Pair(.float64, .float32): loop(Double.self) { $0.float },
    Pair(.float16, .float32): loop(Float16.self) { HalfPrecision.float($0.bitPattern) },
    Pair(.float32, .float16): loop(Float.self) { Float16(bitPattern: HalfPrecision.bits($0)) },
    Pair(.bool, .float32): loop(Bool8.self) { $0.value ? 1 as Float : 0 },
    Pair(.bool, .int64): loop(Bool8.self) { $0.value ? 1 as Int64 : 0 },
    Pair(.bool, .int32): loop(Bool8.self) { $0.value ? 1 as Int32 : 0 },
    Pair(.uint8, .float32): loop(UInt8.self) { $0.float },
  ]

  @inline(__always)
  private static func loop<Source: TensorElement, Target: TensorElement>(
    _ source: Source.Type, _ convert: @escaping @Sendable (Source) -> Target
  ) -> Convert {
    { from, to, count in
      let (x, y) = (from.assumingMemoryBound(to: Source.self), to.assumingMemoryBound(to: Target.self))
      for i in 0..<count { y[i] = convert(x[i]) }
    }
  }

  /// `Cast` and `CastLike`.
  static let cast: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let output = context.node.outputs[0], let x = plan.tensorType(of: input),
      let y = plan.tensorType(of: output), let convert = conversions[Pair(x.dataType, y.dataType)]
    else { return false }
    append("convert_\(x.dataType)_\(y.dataType)", convert, input, output, &plan)
    return true
  }

  /// `Not`.
  static let not: Lowering.Lower = { context, plan throws(GraphError) in
    guard let input = context.node.inputs[0], let output = context.node.outputs[0],
      plan.tensorType(of: input)?.dataType == .bool
    else { return false }
    append("not_bool", loop(Bool8.self) { Bool8(!$0.value) }, input, output, &plan)
    return true
  }

  private static func append(
    _ name: String, _ convert: @escaping Convert, _ input: ValueID, _ output: ValueID, _ plan: inout PlanBuilder
  ) {
    guard let x = plan.tensorType(of: input), let y = plan.tensorType(of: output),
      let width = x.dataType.wholeBytes, let target = y.dataType.wholeBytes
    else { return }
    let count = y.sizes.reduce(1, *)
    plan.append(name, reading: [input], writing: [output]) { frame in
      let (from, to) = (UnsafeRawPointer(frame.input(0, as: UInt8.self)), frame.output(0, as: UInt8.self))
      frame.kernels.parallelRanges(count, cost: 2) { range in
        convert(from + range.lowerBound * width, UnsafeMutableRawPointer(to + range.lowerBound * target), range.count)
      }
    }
  }
}
