/// The size of one dimension.
public enum Dimension: Hashable, Sendable {
  /// A size known before the model runs.
  case known(Int)
  /// A size with a name: equal names are equal sizes, whatever the input.
  case symbol(String)
  /// A size that only running tells.
  case unknown

  /// The size, if known.
  public var size: Int? {
    if case .known(let size) = self { size } else { nil }
  }
}

extension Dimension: ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Makes a known size.
  public init(integerLiteral value: Int) { self = .known(value) }

  /// `3`, a symbol's name, or `?`.
  public var description: String {
    switch self {
    case .known(let size): "\(size)"
    case .symbol(let name): name
    case .unknown: "?"
    }
  }
}

/// The dimensions of a tensor of known rank.
public struct Shape: Hashable, Sendable {
  /// Outermost first; empty for a scalar.
  public var dimensions: [Dimension]

  /// Makes a shape of these dimensions.
  public init(_ dimensions: [Dimension]) { self.dimensions = dimensions }
  /// Makes a shape of known sizes.
  public init(_ sizes: [Int]) { dimensions = sizes.map(Dimension.known) }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }
  /// All sizes, if every one is known.
  public var sizes: [Int]? {
    let known = dimensions.compactMap(\.size)
    return known.count == rank ? known : nil
  }
  /// The number of elements, if every size is known and memory can have as many addresses.
  public var count: Int? { sizes.flatMap(Self.count) }

  /// The number of elements of these sizes; nil if one is negative, or memory cannot have as many addresses.
  ///
  /// The limit holds for the product of the sizes other than 0 too, so that strides stay representable.
  public static func count(_ sizes: [Int]) -> Int? {
    var product = 1
    for size in sizes where size != 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow, next <= 1 << 47 else { return nil }
      product = next
    }
    return sizes.contains(0) ? 0 : product
  }

  /// The dimension at an index from the front.
  public subscript(axis: Int) -> Dimension {
    get { dimensions[axis] }
    set { dimensions[axis] = newValue }
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  /// Makes a shape of these dimensions.
  public init(arrayLiteral elements: Dimension...) { dimensions = elements }

  /// Sizes joined by `x`, such as `1x3x224x224`; `scalar` for no dimensions.
  public var description: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(\.description).joined(separator: "x")
  }
}

/// The type of a value: a tensor's element type and, when known, its shape; or a sequence or an optional of such.
///
/// Files can declare sparse tensors, maps and opaque values too. No operator that is built in takes them; they are there to
/// be named in errors and written back.
public indirect enum ValueType: Hashable, Sendable {
  /// A tensor; the shape is nil if not even its rank is known.
  case tensor(DataType, Shape?)
  /// A sequence of values of one type.
  case sequence(ValueType)
  /// A value or nothing.
  case optional(ValueType)
  /// A tensor of which only the elements other than 0 are stored.
  case sparseTensor(DataType, Shape?)
  /// A dictionary.
  case map(key: DataType, value: ValueType)
  /// Something that only the operators of a domain know.
  case opaque(domain: String, name: String)

  /// The element type, of dense tensors.
  public var dataType: DataType? {
    if case .tensor(let type, _) = self { type } else { nil }
  }
  /// The shape, of dense tensors of known rank.
  public var shape: Shape? {
    if case .tensor(_, let shape) = self { shape } else { nil }
  }
}

extension ValueType: CustomStringConvertible {
  /// Such as `float[1x3x224x224]`, `int64[?]`, `sequence(float)`, `map(string, float)`.
  public var description: String {
    switch self {
    case .tensor(let type, let shape?): "\(type)[\(shape)]"
    case .tensor(let type, nil): "\(type)"
    case .sequence(let element): "sequence(\(element))"
    case .optional(let element): "optional(\(element))"
    case .sparseTensor(let type, let shape): "sparse(\(ValueType.tensor(type, shape)))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .opaque(let domain, let name): "opaque(\([domain, name].filter { !$0.isEmpty }.joined(separator: ".")))"
    }
  }
}
