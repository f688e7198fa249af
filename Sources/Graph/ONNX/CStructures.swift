import CProtobufC

/// Text of protobuf-c; empty if the field is absent.
func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
  pointer.map { String(cString: $0) } ?? ""
}

/// A repeated field of messages.
func messages<Message>(
  _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int
) -> [UnsafeMutablePointer<Message>] {
  UnsafeMutableBufferPointer(start: pointer, count: pointer == nil ? 0 : count).compactMap { $0 }
}

/// A repeated field of texts.
func texts(_ pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int) -> [String] {
  messages(pointer, count).map { String(cString: $0) }
}

/// A repeated field of numbers.
func numbers<Number>(_ pointer: UnsafeMutablePointer<Number>?, _ count: Int) -> [Number] {
  Array(UnsafeMutableBufferPointer(start: pointer, count: pointer == nil ? 0 : count))
}

/// A repeated field of byte strings.
func byteStrings(_ pointer: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int) -> [ProtobufCBinaryData] {
  numbers(pointer, count)
}

extension ProtobufCBinaryData {
  /// The bytes as text; nil if they are not UTF-8.
  var utf8: String? {
    String(validating: UnsafeBufferPointer(start: data, count: data == nil ? 0 : len), as: UTF8.self)
  }
}
