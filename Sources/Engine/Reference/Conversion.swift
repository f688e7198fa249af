import Graph

/// How a conversion treats numbers that the target type does not have.
package struct ConversionOptions: Sendable {
  /// Whether what is too large for a float8 becomes its greatest number.
  var saturate = true
  /// How `float8e8m0` rounds.
  var rounding = PowerOfTwoFormat.Rounding.up

  package init(saturate: Bool = true, rounding: PowerOfTwoFormat.Rounding = .up) {
    self.saturate = saturate
    self.rounding = rounding
  }
}

extension DataType {
  /// The type in which references compute with elements of this type: `float` for all narrower floats, a byte for narrower
  /// whole numbers, else the type itself.
  package var computeType: DataType {
    switch self {
    case .float16, .bfloat16: .float32
    case .int4, .int2: .int8
    case .uint4, .uint2: .uint8
    default: isFloatingPoint && bitWidth <= 8 ? .float32 : self
    }
  }
}

extension Tensor {
  /// The same numbers in the type in which references compute, exactly.
  package func widened() -> Tensor {
    let target = dataType.computeType
    guard target != dataType else { return self }
    return converted(to: target) ?? self
  }

  /// The numbers in another type; nil from or to text and complex numbers.
  ///
  /// Floats round to the nearest, ties to even; whole numbers keep their low bits; from float to whole towards zero.
  /// ONNX, Cast-25.
  package func converted(to type: DataType, options: ConversionOptions = ConversionOptions()) -> Tensor? {
    guard type != dataType else { return self }
    switch dataType {
    case .float32: return converted(from: Float.self, to: type, options)
    case .float64: return converted(from: Double.self, to: type, options)
    case .int64: return converted(from: Int64.self, to: type, options)
    case .int32: return converted(from: Int32.self, to: type, options)
    case .int16: return converted(from: Int16.self, to: type, options)
    case .int8: return converted(from: Int8.self, to: type, options)
    case .uint64: return converted(from: UInt64.self, to: type, options)
    case .uint32: return converted(from: UInt32.self, to: type, options)
    case .uint16: return converted(from: UInt16.self, to: type, options)
    case .uint8: return converted(from: UInt8.self, to: type, options)
    default: return decoded()?.converted(to: type, options: options)
    }
  }

  /// Elements of a type that is no Swift number, as one that holds them exactly; nil for text and complex numbers.
  private func decoded() -> Tensor? {
    switch dataType {
    case .bool: return map(Bool8.self, to: UInt8.self) { $0.value ? 1 : 0 }
    case .float16: return map(Float16.self, to: Float.self) { HalfPrecision.float($0.bitPattern) }
    case .bfloat16: return map(BFloat16.self, to: Float.self) { $0.float }
    default: return decodingNarrowElements()
    }
  }

  /// A tensor of a function of each element; nil if the elements have another type.
  @inline(__always)
  package func map<Source: TensorElement, Target: TensorElement>(
    _ source: Source.Type, to target: Target.Type, _ transform: (Source) -> Target
  ) -> Tensor? {
    withElements(of: source) { input in
      Tensor(shape: shape, of: target) { output in
        for i in input.indices { output[i] = transform(input[i]) }
      }
    }
  }

  private func converted<Source: NumericElement>(
    from source: Source.Type, to type: DataType, _ options: ConversionOptions
  ) -> Tensor? {
    switch type {
    case .float32: return map(source, to: Float.self) { $0.float }
    case .float64: return map(source, to: Double.self) { $0.double }
    case .float16:
      if source == Float.self || MemoryLayout<Source>.size <= 2 {
        return map(source, to: Float16.self) { Float16(bitPattern: HalfPrecision.bits($0.float)) }
      }
      return map(source, to: Float16.self) { Float16($0.double) }
    case .bfloat16: return map(source, to: BFloat16.self) { BFloat16($0.float) }
    case .bool: return map(source, to: Bool8.self) { Bool8($0 != .zero) }
    case .int64: return whole(source, Int64.self)
    case .int32: return whole(source, Int32.self)
    case .int16: return whole(source, Int16.self)
    case .int8: return whole(source, Int8.self)
    case .uint64: return whole(source, UInt64.self)
    case .uint32: return whole(source, UInt32.self)
    case .uint16: return whole(source, UInt16.self)
    case .uint8: return whole(source, UInt8.self)
    case .int4, .uint4, .int2, .uint2:
      return codes(source, type) { UInt8(truncatingIfNeeded: $0.int64) }
    case .float8E8M0:
      return codes(source, type) {
        PowerOfTwoFormat.encode($0.float, saturate: options.saturate, rounding: options.rounding)
      }
    default:
      guard let format = MiniFloat.format(of: type) else { return nil }
      return codes(source, type) { format.encode($0.double, saturate: options.saturate) }
    }
  }

  private func whole<Source: NumericElement, Target: NumericElement & FixedWidthInteger>(
    _ source: Source.Type, _ target: Target.Type
  ) -> Tensor? {
    if source == Float.self || source == Double.self { return map(source, to: target) { Target(numeric: $0.double) } }
    return map(source, to: target) { Target(numeric: $0.int64) }
  }

  private func codes<Source: NumericElement>(
    _ source: Source.Type, _ type: DataType, _ encode: (Source) -> UInt8
  ) -> Tensor? {
    guard let bytes = map(source, to: UInt8.self, encode) else { return nil }
    if type.bitWidth < 8 { return bytes.elements(UInt8.self).map { Tensor(shape: shape, packing: $0, as: type) } }
    guard case .bytes(let storage) = bytes.contents else { return nil }
    return Tensor(dataType: type, shape: shape, storage: storage)
  }
}
