import CONNX
import CProtobufC

/// What protobuf-c knows of a kind of message: its name and its fields.
struct MessageDescriptor: Equatable {
  /// protobuf-c's own descriptor.
  let pointer: UnsafePointer<ProtobufCMessageDescriptor>

  private init?(_ pointer: UnsafeRawPointer?) {
    guard let pointer else { return nil }
    self.pointer = pointer.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
  }

  private init(of message: ProtobufCMessage) { pointer = message.descriptor }

  /// Of `ModelProto`.
  static var model: MessageDescriptor {
    var message = Onnx__ModelProto()
    onnx__model_proto__init(&message)
    return MessageDescriptor(of: message.base)
  }
  /// Of `GraphProto`.
  static var graph: MessageDescriptor {
    var message = Onnx__GraphProto()
    onnx__graph_proto__init(&message)
    return MessageDescriptor(of: message.base)
  }
  /// Of `NodeProto`.
  static var node: MessageDescriptor {
    var message = Onnx__NodeProto()
    onnx__node_proto__init(&message)
    return MessageDescriptor(of: message.base)
  }
  /// Of `TensorProto`.
  static var tensor: MessageDescriptor {
    var message = Onnx__TensorProto()
    onnx__tensor_proto__init(&message)
    return MessageDescriptor(of: message.base)
  }
  /// Of `SequenceProto`.
  static var sequence: MessageDescriptor {
    var message = Onnx__SequenceProto()
    onnx__sequence_proto__init(&message)
    return MessageDescriptor(of: message.base)
  }
  /// Of `OptionalProto`.
  static var optional: MessageDescriptor {
    var message = Onnx__OptionalProto()
    onnx__optional_proto__init(&message)
    return MessageDescriptor(of: message.base)
  }

  /// Such as `TensorProto`.
  var name: String { String(cString: pointer.pointee.short_name) }

  /// The field of a number; nil if the message has none.
  func field(_ number: UInt32) -> Field? {
    guard let found = protobuf_c_message_descriptor_get_field(pointer, number) else { return nil }
    return Field(field: found.pointee, index: found - pointer.pointee.fields, fields: pointer.pointee.fields)
  }

  /// A field of a message.
  struct Field {
    fileprivate let field: ProtobufCFieldDescriptor
    fileprivate let index: Int
    fileprivate let fields: UnsafePointer<ProtobufCFieldDescriptor>

    /// Such as `raw_data`.
    var name: String { String(cString: field.name) }
    /// The kind of message it holds, if it holds one.
    var message: MessageDescriptor? {
      field.type == PROTOBUF_C_TYPE_MESSAGE ? MessageDescriptor(field.descriptor) : nil
    }
    /// Whether it holds text, which in C ends at a zero byte.
    var isText: Bool { field.type == PROTOBUF_C_TYPE_STRING }

    /// For a field that may stand only once: its bit among those of its message; members of a `oneof` share one.
    ///
    /// Numbers and texts may stand twice, the last counts. Messages given twice would be merged, which no writer relies on
    /// and which would cost time quadratic in their number.
    var singularSlot: Int? {
      guard field.label != PROTOBUF_C_LABEL_REPEATED else { return nil }
      if field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0 {
        return (0...index).first { fields[$0].quantifier_offset == field.quantifier_offset }
      }
      return field.type == PROTOBUF_C_TYPE_MESSAGE || field.type == PROTOBUF_C_TYPE_BYTES ? index : nil
    }

    /// Whether the field can be written this way; repeated numbers can also stand packed in one stretch of bytes.
    func accepts(_ wire: WireReader.WireType) -> Bool {
      switch field.type {
      case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: return wire == .lengthDelimited
      default: break
      }
      if wire == .lengthDelimited { return field.label == PROTOBUF_C_LABEL_REPEATED }
      switch field.type {
      case PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_FLOAT: return wire == .fixed32
      case PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_DOUBLE: return wire == .fixed64
      default: return wire == .varint
      }
    }
  }
}
