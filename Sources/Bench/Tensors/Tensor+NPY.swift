import Foundation
import Graph

extension Tensor {
  /// Reads a `.npy` file of version 1, 2 or 3: any type that ONNX has, either byte order, C and Fortran order, and text.
  ///
  /// - Throws: `BenchError` if the file cannot be read, is not as NumPy writes it, or holds another number of bytes than
  ///   its header says.
  public init(npyFile file: URL) throws(BenchError) {
    try self.init(npy: try InputFile.read(file), source: file.path)
  }

  /// Decodes the bytes of a `.npy` file.
  ///
  /// - Parameter source: how messages call it.
  public init(npy data: Data, source: String) throws(BenchError) {
    func malformed(_ what: String) -> BenchError { .malformed(file: source, what: "not a valid .npy file: \(what)") }
    let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]  // \x93NUMPY
    let prefix = [UInt8](data.prefix(12))
    guard prefix.starts(with: magic), prefix.count >= 10 else { throw malformed("it does not begin with \\x93NUMPY") }
    let (version, lengthBytes) = (prefix[6], prefix[6] == 1 ? 2 : 4)
    guard (1...3).contains(version), prefix.count >= 8 + lengthBytes else { throw malformed("version \(version)") }
    let length = prefix[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + lengthBytes + length
    guard start <= data.count else { throw malformed("its header is cut short") }
    let text = String(decoding: data.dropFirst(8 + lengthBytes).prefix(length), as: UTF8.self)
    guard let header = NPYHeader(parsing: text) else { throw malformed("its header is '\(text.prefix(80))'") }
    var count = 1
    for size in header.shape {
      let product = count.multipliedReportingOverflow(by: size)
      guard !product.overflow else { throw malformed("its shape is \(header.shape)") }
      count = product.partialValue
    }
    let body = data.dropFirst(start)
    if let width = header.textWidth {
      // Else a file of no bytes could hold any number of elements.
      guard width > 0 else { throw malformed("text of no characters, expected type '<U1' or wider") }
      guard let bytes = Self.product(count, width * 4), bytes == body.count else {
        throw malformed("\(body.count) bytes of text, expected \(count) elements of \(width) characters")
      }
      self = Self.text(body, width: width, header: header)
      return
    }
    guard let (type, isBigEndian) = header.elements else {
      throw malformed("elements of type '\(header.description)', which ONNX does not have")
    }
    let width = type.bitWidth / 8
    guard Self.product(count, width) == body.count else {
      throw malformed("\(body.count) bytes of elements, expected \(count) x \(width)")
    }
    // A complex element is two numbers, each in the file's byte order.
    let wordWidth = type == .complex64 || type == .complex128 ? width / 2 : width
    let order = ElementOrder(header)
    let source = [UInt8](body)
    self.init(dataType: type, shape: header.shape) { output in
      for index in 0..<count {
        let (from, to) = (order.source(of: index) * width, index * width)
        for byte in 0..<width {
          let offset = isBigEndian ? byte / wordWidth * wordWidth + (wordWidth - 1 - byte % wordWidth) : byte
          output[to + byte] = source[from + offset]
        }
      }
    }
  }

  private static func product(_ a: Int, _ b: Int) -> Int? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : product
  }

  /// Decodes elements of NumPy's type `U`: UTF-32, padded with zeros.
  private static func text(_ body: Data, width: Int, header: NPYHeader) -> Tensor {
    let bytes = [UInt8](body)
    let isBigEndian = header.description.first == ">"
    let count = header.shape.reduce(1, *)
    let order = ElementOrder(header)
    let strings = (0..<count).map { index in
      var text = String.UnicodeScalarView()
      for character in 0..<width {
        let start = (order.source(of: index) * width + character) * 4
        let word = bytes[start..<start + 4]
        let code = (isBigEndian ? Array(word) : word.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        if code == 0 { break }
        text.append(Unicode.Scalar(code) ?? "\u{FFFD}")
      }
      return String(text)
    }
    return Tensor(shape: header.shape, strings: strings)
  }
}

extension NPYHeader {
  /// Characters of each element, for text.
  fileprivate var textWidth: Int? {
    guard description.dropFirst().first == "U" else { return nil }
    return Int(description.dropFirst(2)).flatMap { $0 >= 0 && $0 < 1 << 24 ? $0 : nil }
  }
}

/// Where elements in C order stand in a file.
private struct ElementOrder {
  private let shape: [Int]
  private let isReversed: Bool

  init(_ header: NPYHeader) {
    shape = header.shape
    isReversed = header.isFortranOrder && header.shape.count > 1
  }

  /// The place in the file of an element of the tensor.
  func source(of index: Int) -> Int {
    guard isReversed else { return index }
    var (rest, place, stride) = (index, 0, shape.reduce(1, *))
    for size in shape.reversed() {
      stride /= size
      place += rest % size * stride
      rest /= size
    }
    return place
  }
}
