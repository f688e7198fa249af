import Engine
import Graph

/// Makes inputs for a model of which nothing but the file is known.
///
/// Floats are normal; token ids lie within the vocabulary of the embedding that reads them; masks are ones, types zeros,
/// positions count up. Free dimensions are 1 for the batch, 3 x 224 x 224 for images, and 128 for what else there is, unless
/// a shape is given, or the sizes are those of a plan file; equal symbols get equal sizes. Equal seeds give equal inputs.
public struct SyntheticInputs: Sendable {
  /// Sizes that are given, by the name of the input.
  public var shapes: [String: [Int]]
  /// Distinguishes inputs.
  public var seed: UInt64

  /// Length of texts whose length the model leaves open.
  public static let tokens = 128

  /// Prepares a generator.
  ///
  /// - Parameters:
  ///   - shapes: sizes that a user gave, by the name of the input.
  ///   - seed: distinguishes inputs.
  ///   - plan: the plan file that will run, if there is one: where no sizes are given, its first ones are taken.
  public init(shapes: [String: [Int]] = [:], seed: UInt64 = 1, plan: PlanFile? = nil) {
    self.shapes = shapes.isEmpty ? plan?.sizes.first ?? [:] : shapes
    self.seed = seed
  }

  /// Makes an input for each of the model's, but for those already given.
  ///
  /// - Throws: `BenchError.unusable` naming an input that cannot be made up, or a shape that does not fit the model or
  ///   the machine's memory.
  public func inputs(
    for graph: Graph, given: [String: RuntimeValue] = [:]
  ) throws(BenchError) -> [String: RuntimeValue] {
    var values = given
    var generator = SeededGenerator(seed: seed)
    let shapes = try sizes(of: graph, given: given)
    try checkMemory(for: graph, shapes.filter { given[$0.key] == nil })
    for id in graph.inputs where given[graph[id].name] == nil {
      let name = graph[id].name
      switch graph[id].type {
      case .tensor(let type, _)?:
        guard let shape = shapes[name] else { continue }
        let use = InputUse(of: id, in: graph)
        values[name] = .tensor(try tensor(type, shape: shape, use: use, name: name, &generator))
      case .optional?: values[name] = RuntimeValue.none
      case .sequence?, .sparseTensor?, .map?, .opaque?, nil:
        throw .unusable(argument: "input '\(name)'", reason: "its type cannot be made up; give it by --input")
      }
    }
    return values
  }

  /// The sizes of each tensor input, with every free dimension bound.
  ///
  /// - Throws: `BenchError.unusable` for shapes of inputs that the model has not, or that contradict it, and for an input
  ///   whose rank is not known.
  public func sizes(
    of graph: Graph, given: [String: RuntimeValue] = [:]
  ) throws(BenchError) -> [String: [Int]] {
    var result: [String: [Int]] = [:]
    let known = try sizesWhereKnown(of: graph, given: given)
    for id in graph.inputs {
      guard case .tensor? = graph[id].type else { continue }
      let name = graph[id].name
      guard let sizes = known[id] else {
        throw .unusable(
          argument: "input '\(name)'", reason: "the model does not declare its rank; give --shape \(name)=…")
      }
      result[name] = sizes
    }
    return result
  }

  /// Runs `body` on a model of the sizes that `sizes(of:)` gives.
  ///
  /// - Parameters:
  ///   - graph: the model's.
  ///   - given: names of inputs whose values were given, and with them their sizes.
  /// - Throws: what `body` does; if a node does not take its shapes, `BenchError.unsuitedSizes` with the inputs whose sizes were
  ///   only assumed, if there are any.
  public func explaining<Value>(
    _ graph: Graph, given: Set<String> = [], _ body: () throws -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch let error as EngineError {
      guard case .model(_, let fault) = error, fault.isOfShapes else { throw error }
      let sizes = try sizesWhereKnown(of: graph)
      let assumed = graph.inputs.compactMap { id -> String? in
        let name = graph[id].name
        guard shapes[name] == nil, !given.contains(name), graph[id].type?.shape?.sizes == nil, let sizes = sizes[id]
        else { return nil }
        return "\(name)=\(sizes.map(String.init).joined(separator: "x"))"
      }
      guard !assumed.isEmpty else { throw error }
      throw BenchError.unsuitedSizes(error, assumed: assumed)
    }
  }

  /// The sizes of each tensor input whose rank is known, or given.
  func sizesWhereKnown(
    of graph: Graph, given: [String: RuntimeValue] = [:]
  ) throws(BenchError) -> [ValueID: [Int]] {
    var wanted = shapes
    for (name, value) in given { wanted[name] = value.tensor?.shape }
    let names = graph.inputs.map { graph[$0].name }
    if let stranger = wanted.keys.sorted().first(where: { !names.contains($0) }) {
      throw .unusable(
        argument: "input '\(stranger)'",
        reason: "the model has no such input; it takes \(names.joined(separator: ", "))")
    }
    let symbols = try boundSymbols(of: graph, wanted)
    var result: [ValueID: [Int]] = [:]
    for id in graph.inputs {
      guard case .tensor(let type, let shape)? = graph[id].type else { continue }
      result[id] =
        wanted[graph[id].name]
        ?? shape?.dimensions.enumerated().map { axis, dimension in
          dimension.size ?? symbols[dimension.description]
            ?? Self.size(ofAxis: axis, rank: shape?.rank ?? 0, type: type)
        }
    }
    return result
  }

  /// What given shapes say of symbolic dimensions.
  private func boundSymbols(of graph: Graph, _ wanted: [String: [Int]]) throws(BenchError) -> [String: Int] {
    var symbols: [String: Int] = [:]
    for id in graph.inputs {
      guard let sizes = wanted[graph[id].name], let shape = graph[id].type?.shape else { continue }
      let fits =
        shape.rank == sizes.count && zip(shape.dimensions, sizes).allSatisfy { $0.size == nil || $0.size == $1 }
      guard fits, sizes.allSatisfy({ $0 >= 0 }) else {
        throw .unusable(
          argument: "shape \(sizes.map(String.init).joined(separator: "x"))",
          reason: "input '\(graph[id].name)' takes \(shape)")
      }
      for case (let dimension, let size) in zip(shape.dimensions, sizes) {
        if case .symbol(let symbol) = dimension { symbols[symbol] = size }
      }
    }
    return symbols
  }

  private static func size(ofAxis axis: Int, rank: Int, type: DataType) -> Int {
    if axis == 0 { return 1 }
    return rank == 4 && type.isFloatingPoint ? (axis == 1 ? 3 : 224) : tokens
  }

  private func tensor(
    _ type: DataType, shape: [Int], use: InputUse, name: String, _ generator: inout SeededGenerator
  ) throws(BenchError) -> Tensor {
    func filled<Element: TensorElement>(_ next: (_ index: Int) -> Element) -> Tensor {
      Tensor(shape: shape, of: Element.self) { output in
        for index in output.indices { output[index] = next(index) }
      }
    }
    func integers<Element: TensorElement & FixedWidthInteger>(_ element: Element.Type) -> Tensor {
      let rowLength = max(shape.last ?? 1, 1)
      return filled { Element(clamping: number(for: use, at: $0 % rowLength, &generator)) }
    }
    switch type {
    case .float32: return filled { _ in Float(generator.normal()) }
    case .float64: return filled { _ in generator.normal() }
    case .float16: return filled { _ in Float16(generator.normal()) }
    case .bfloat16: return filled { _ in BFloat16(Float(generator.normal())) }
    case .int64: return integers(Int64.self)
    case .int32: return integers(Int32.self)
    case .int16: return integers(Int16.self)
    case .int8: return integers(Int8.self)
    case .uint64: return integers(UInt64.self)
    case .uint32: return integers(UInt32.self)
    case .uint16: return integers(UInt16.self)
    case .uint8: return integers(UInt8.self)
    case .bool: return filled { _ in Bool8(true) }
    default:
      throw .unusable(
        argument: "input '\(name)'", reason: "elements of type \(type) cannot be made up; give it by --input")
    }
  }

  private func number(for use: InputUse, at place: Int, _ generator: inout SeededGenerator) -> Int {
    switch use {
    case .mask: 1
    case .types: 0
    case .positions: place
    case .tokens(let rows): Int(generator.next() % UInt64(max(rows ?? Self.unknownRows, 1)))
    case .unknown: Int(generator.next() % UInt64(Self.unknownRows))
    }
  }

  /// Rows of a table that is not known: indices 0 and 1 are the least risk.
  private static let unknownRows = 2

  /// Checks, before any is made, that the inputs leave as much memory for what the model makes of them.
  private func checkMemory(for graph: Graph, _ shapes: [String: [Int]]) throws(BenchError) {
    let room = ProcessMemory.limit / 2
    var used = 0
    for id in graph.inputs {
      let name = graph[id].name
      guard let shape = shapes[name], let type = graph[id].type?.dataType else { continue }
      var bytes = (type.bitWidth + 7) / 8
      for size in shape.sorted() {  // a size of 0 comes first, so that the others cannot overflow
        let product = bytes.multipliedReportingOverflow(by: size)
        bytes = product.overflow ? .max : product.partialValue
      }
      guard bytes <= room - used else {
        let text = shape.map(String.init).joined(separator: "x")
        throw .unusable(
          argument: "input '\(name)'",
          reason: "\(type)[\(text)] is too large for this machine, whose inputs may take \(room >> 20) MB together; "
            + "give smaller sizes by --shape \(name)=…")
      }
      used += bytes
    }
  }
}
