import Engine
import Graph

/// What a model is made of: what `swiftinfer inspect` prints.
public struct ModelSummary: Codable, Sendable {
  /// An input or output.
  public struct Port: Codable, Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Its element type, such as `float`; or the whole type for sequences and optionals.
    public let type: String
    /// Sizes, or names of symbols, or `?`; nil if not even the rank is known.
    public let shape: [PortDimension]?
  }

  /// A size or the name of one, a number or a text in JSON.
  public enum PortDimension: Codable, Sendable, Equatable {
    /// A size.
    case size(Int)
    /// The name of a symbol, or `?`.
    case name(String)

    /// Reads what `encode(to:)` writes.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let size = try? container.decode(Int.self) {
        self = .size(size)
      } else {
        self = .name(try container.decode(String.self))
      }
    }

    /// Writes the size as a number, the name as a text.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .size(let size): try container.encode(size)
      case .name(let name): try container.encode(name)
      }
    }
  }

  /// The model as the user called it.
  public internal(set) var model: String
  /// Version of ONNX's operator set.
  public let opset: Int
  /// Version of the file format.
  public let irVersion: Int
  /// Who made the file.
  public let producer: String
  /// The inputs.
  public let inputs: [Port]
  /// The outputs.
  public let outputs: [Port]
  /// How often each operator occurs, in subgraphs too.
  public let operators: [String: Int]
  /// Elements of all weights.
  public let parameters: Int
  /// Multiply-accumulate operations of one request; free dimensions as `SyntheticInputs` binds them.
  public let macs: Int
  /// Part of the elements of weights of two and more dimensions that are zero, 0…1; nil if not all weights are there.
  public internal(set) var sparsity: Double?
  /// Operators that are not built in.
  public let unsupported: [String]
  /// What it was compiled for, if it is a plan file: all else is of the model that was compiled.
  public internal(set) var plan: PlanFileSummary?

  private enum CodingKeys: String, CodingKey {
    case model, opset, producer, inputs, outputs, operators, parameters, macs, sparsity, unsupported, plan
    case irVersion = "ir_version"
  }

  /// Looks a model over; its weights are read once.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - reference: how the user called it.
  ///   - shapes: of inputs whose sizes the model leaves open.
  /// - Throws: `BenchError.unusable` for shapes that do not fit the inputs, `EngineError.model` for those that a node does not take.
  public init(of model: Model, reference: ModelReference, shapes: [String: [Int]] = [:]) throws {
    self.model = reference.text
    opset = model.opsets[""] ?? model.opsets.values.max() ?? 0
    irVersion = model.irVersion
    producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    let graph = model.graph
    inputs = graph.inputs.map { Self.port(graph[$0].name, graph[$0].type) }
    operators = Self.operators(of: graph)
    unsupported = graph.unsupportedOperators.map(Self.name)
    let weights = graph.liveValues.compactMap { graph[$0].constant }.filter(\.isWeight)
    parameters = weights.reduce(0) { $0 + $1.count }
    let matrices = weights.filter { $0.shape.count > 1 }
    let elements = matrices.reduce(0) { $0 + $1.count }
    sparsity = elements == 0 ? 0 : Double(matrices.reduce(0) { $0 + $1.zeroCount }) / Double(elements)

    var bound = graph
    for (input, shape) in try SyntheticInputs(shapes: shapes).sizesWhereKnown(of: graph) {
      if let type = graph[input].type?.dataType { bound.setType(.tensor(type, Shape(shape)), of: input) }
    }
    // Inference goes as far as it can: a model with operators that are not built in is described too. Shapes that other
    // nodes compute are known only with folding; what is folded does not run.
    do throws(GraphError) { try ConstantFolding.inference.run(on: &bound) } catch {
      if !shapes.isEmpty, error.isOfShapes { throw EngineError.model(source: reference.text, error) }
    }
    bound.removeDeadNodes()
    macs = MultiplyAccumulates.count(of: bound)
    var declared = graph
    try? ShapeInference().run(on: &declared)
    outputs = zip(declared.outputs, declared.outputNames).map { Self.port($1, declared[$0].type) }
  }

  private static func name(_ op: OperatorID) -> String { op.domain.isEmpty ? op.name : "\(op.domain).\(op.name)" }

  private static func port(_ name: String, _ type: ValueType?) -> Port {
    guard case .tensor(let element, let shape)? = type else {
      return Port(name: name, type: type?.description ?? "?", shape: nil)
    }
    let dimensions = shape?.dimensions.map { dimension in
      dimension.size.map(PortDimension.size) ?? .name(dimension.description)
    }
    return Port(name: name, type: "\(element)", shape: dimensions)
  }

  private static func operators(of graph: Graph) -> [String: Int] {
    graph.order.reduce(into: [:]) { counts, id in
      counts[name(graph[id].op), default: 0] += 1
      for subgraph in graph[id].attributes.values.flatMap(\.subgraphs) {
        counts.merge(operators(of: subgraph.body), uniquingKeysWith: +)
      }
    }
  }
}

extension GraphError {
  /// Whether a node does not take the shapes that it is given.
  var isOfShapes: Bool {
    switch self {
    case .shapeMismatch, .invalidValue, .tooLarge: true
    default: false
    }
  }
}

extension Tensor {
  /// Whether it holds learned numbers rather than sizes, axes or texts.
  fileprivate var isWeight: Bool {
    switch dataType {
    case .int64, .uint64, .int16, .uint16, .uint32, .bool, .string: false
    default: true
    }
  }

  /// Elements that are zero.
  fileprivate var zeroCount: Int {
    func zeros<Element: TensorElement>(_ element: Element.Type, _ isZero: (Element) -> Bool) -> Int {
      withElements(of: element) { span in
        var count = 0
        for index in span.indices where isZero(span[index]) { count += 1 }
        return count
      } ?? 0
    }
    return switch dataType {
    case .float32: zeros(Float.self) { $0 == 0 }
    case .float64: zeros(Double.self) { $0 == 0 }
    case .float16: zeros(Float16.self) { $0 == 0 }
    case .bfloat16: zeros(BFloat16.self) { $0.bits & 0x7FFF == 0 }
    case .int8: zeros(Int8.self) { $0 == 0 }
    case .uint8: zeros(UInt8.self) { $0 == 0 }
    case .int32: zeros(Int32.self) { $0 == 0 }
    default: decodingNarrowElements()?.zeroCount ?? 0
    }
  }
}

extension ModelSummary: CustomStringConvertible {
  /// The summary for people.
  public var description: String {
    let indent = "\n" + String(repeating: " ", count: 12)
    func list(_ ports: [Port]) -> String { ports.map(\.description).joined(separator: indent) }
    let counts = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
    var lines = [
      "model       \(model)",
      "made by     \(producer.isEmpty ? "?" : producer), IR version \(irVersion), opset \(opset)",
      "inputs      \(list(inputs))",
      "outputs     \(list(outputs))",
      "operators   \(counts.joined(separator: ", "))",
      "parameters  \(Figures.count(parameters))",
    ]
    if let sparsity { lines.append("sparsity    \(Figures.decimals(100 * sparsity, 1)) % of the weights are zero") }
    lines.append("MACs        \(Figures.count(macs))")
    if !unsupported.isEmpty { lines.append("unsupported \(unsupported.joined(separator: ", "))") }
    if let plan { lines += plan.lines }
    return lines.joined(separator: "\n")
  }
}

extension ModelSummary.Port: CustomStringConvertible {
  /// Such as `input float[1x3x224x224]`.
  public var description: String {
    guard let shape else { return "\(name) \(type)" }
    let sizes = shape.map { dimension in
      switch dimension {
      case .size(let size): "\(size)"
      case .name(let name): name
      }
    }
    return "\(name) \(type)[\(sizes.joined(separator: "x"))]"
  }
}
