/// An n-dimensional array of elements, row-major, immutable, cheap to copy.
///
///     let x = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Float])
///     x.shape                       // [2, 3]
///     try x.elements(Float.self)    // [1, 2, 3, 4, 5, 6]
///
/// Elements narrower than a byte are packed as in ONNX: the first in the low bits.
public struct Tensor: Sendable {
  /// Where the elements are.
  public enum Contents: Sendable {
    /// Fixed-size elements, little-endian.
    case bytes(TensorStorage)
    /// Strings.
    case strings([String])
    /// None at hand: what computes with the tensor has another form of them, which this number finds.
    case absent(Int)
  }

  /// The type of the elements.
  public let dataType: DataType
  /// The size of each dimension; empty for a scalar.
  public let shape: [Int]
  /// The elements.
  public let contents: Contents

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// Whether its elements are at hand.
  public var isPresent: Bool { if case .absent = contents { false } else { true } }
  /// Bytes of the elements; 0 for strings.
  public var byteCount: Int { dataType.byteCount(elements: count) }

  /// Refers to storage; traps if it is smaller than type and shape demand, which only a programmer can cause.
  public init(dataType: DataType, shape: [Int], storage: TensorStorage) {
    precondition(dataType != .string && dataType.byteCount(elements: shape.reduce(1, *)) <= storage.byteCount)
    self.dataType = dataType
    self.shape = shape
    self.contents = .bytes(storage)
  }

  /// Stands for a tensor whose elements are elsewhere in another form.
  public init(dataType: DataType, shape: [Int], absent number: Int) {
    self.dataType = dataType
    self.shape = shape
    self.contents = .absent(number)
  }

  /// Makes a tensor of strings, as many as the shape says.
  public init(shape: [Int], strings: [String]) {
    precondition(shape.reduce(1, *) == strings.count)
    self.dataType = .string
    self.shape = shape
    self.contents = .strings(strings)
  }

  /// Makes a tensor of these elements, as many as the shape says.
  public init<Element: TensorElement>(shape: [Int], _ elements: [Element]) {
    precondition(shape.reduce(1, *) == elements.count)
    self.init(shape: shape, of: Element.self) { output in
      for i in elements.indices { output[i] = elements[i] }
    }
  }

  /// Makes a scalar.
  public init<Element: TensorElement>(scalar: Element) {
    self.init(shape: [], [scalar])
  }

  /// Makes a tensor whose elements, zero at first, `fill` writes.
  public init<Element: TensorElement, Failure: Error>(
    shape: [Int], of element: Element.Type, fill: (inout MutableSpan<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    let count = shape.reduce(1, *)
    var failure: Failure?
    let storage = TensorStorage(byteCount: count * MemoryLayout<Element>.stride) { bytes in
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      var span = MutableSpan(_unsafeElements: bytes.bindMemory(to: Element.self))
      do throws(Failure) { try fill(&span) } catch { failure = error }
    }
    if let failure { throw failure }
    self.init(dataType: Element.dataType, shape: shape, storage: storage)
  }

  /// Makes a tensor of any fixed-size type from its packed bytes, which `fill` writes (zero at first).
  public init<Failure: Error>(
    dataType: DataType, shape: [Int], fillBytes fill: (inout MutableSpan<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    let byteCount = dataType.byteCount(elements: shape.reduce(1, *))
    let storage = TensorStorage(byteCount: byteCount) { bytes in
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      var span = MutableSpan(_unsafeElements: bytes.bindMemory(to: UInt8.self))
      do throws(Failure) { try fill(&span) } catch { failure = error }
    }
    if let failure { throw failure }
    self.init(dataType: dataType, shape: shape, storage: storage)
  }

  /// The same elements under another shape of as many elements.
  public func reshaped(_ shape: [Int]) -> Tensor {
    switch contents {
    case .bytes(let storage): Tensor(dataType: dataType, shape: shape, storage: storage)
    case .strings(let strings): Tensor(shape: shape, strings: strings)
    case .absent(let number): Tensor(dataType: dataType, shape: shape, absent: number)
    }
  }
}

extension Tensor {
  /// Lends the elements; nil if the tensor's type is not that of `Element`, or they are absent.
  ///
  /// A mapped file may hold elements at odd addresses: those are copied to aligned memory first.
  public func withElements<Element: TensorElement, Result, Failure: Error>(
    of element: Element.Type, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard dataType == Element.dataType, case .bytes(let storage) = contents else { return nil }
    if UInt(bitPattern: storage.base) % UInt(MemoryLayout<Element>.alignment) != 0 {
      return try aligned().withElements(of: element, body)
    }
    let start = storage.base.assumingMemoryBound(to: Element.self)
    return try body(Span(_unsafeStart: start, count: count))
  }

  /// Lends the packed bytes; nil for strings, and if they are absent.
  public func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard case .bytes(let storage) = contents else { return nil }
    return try body(Span(_unsafeStart: storage.base.assumingMemoryBound(to: UInt8.self), count: byteCount))
  }

  /// The elements as an array; nil if the tensor's type is not that of `Element`, or they are absent.
  public func elements<Element: TensorElement>(_ element: Element.Type) -> [Element]? {
    withElements(of: element) { span in
      Array(unsafeUninitializedCapacity: span.count) { buffer, count in
        for i in span.indices { buffer.initializeElement(at: i, to: span[i]) }
        count = span.count
      }
    }
  }

  /// The strings; nil for other types.
  public var strings: [String]? {
    if case .strings(let strings) = contents { strings } else { nil }
  }

  /// Whole numbers of any integer type (or booleans as 0 and 1), as shapes, axes and indices are read; nil for other
  /// types and for a `uint64` beyond `Int.max`.
  public var integers: [Int]? {
    switch dataType {
    case .int64: elements(Int64.self)?.map(Int.init)
    case .int32: elements(Int32.self)?.map(Int.init)
    case .int16: elements(Int16.self)?.map(Int.init)
    case .int8: elements(Int8.self)?.map(Int.init)
    case .uint8: elements(UInt8.self)?.map(Int.init)
    case .uint16: elements(UInt16.self)?.map(Int.init)
    case .uint32: elements(UInt32.self)?.map(Int.init)
    case .bool: elements(Bool8.self)?.map { $0.value ? 1 : 0 }
    case .uint64:
      elements(UInt64.self).flatMap { all in
        all.allSatisfy { $0 <= UInt64(Int.max) } ? all.map(Int.init) : nil
      }
    default: nil
    }
  }

  /// Whether the elements lie at an address that they may be read from; a mapped file may hold them at odd ones.
  package var isAligned: Bool {
    guard case .bytes(let storage) = contents else { return true }
    return UInt(bitPattern: storage.base) % UInt(max(1, dataType.bitWidth / 8)) == 0
  }

  /// The same elements at an address that they may be read from; copied only if they are not there already.
  ///
  /// Pages of a mapped file that were copied are given back to the system.
  public func aligned() -> Tensor {
    guard !isAligned, case .bytes(let storage) = contents else { return self }
    let copy = TensorStorage(byteCount: byteCount) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: storage.base, count: bytes.count))
    }
    storage.discardMappedPages()
    return Tensor(dataType: dataType, shape: shape, storage: copy)
  }
}

extension Tensor: CustomStringConvertible {
  /// Type and shape, such as `float[1x3x224x224]`.
  public var description: String { "\(dataType)[\(shape.map(String.init).joined(separator: "x"))]" }
}
