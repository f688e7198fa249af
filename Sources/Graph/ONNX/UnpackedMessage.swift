import CONNX
import CProtobufC

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A message that protobuf-c unpacked, freed with this object.
///
/// Structures in C are larger than what they take on the wire: an empty node takes two bytes there. The allocator given to
/// protobuf-c stops at `factor` bytes for each byte of the message, three times what real models need.
final class UnpackedMessage<Message> {
  /// Bytes that unpacking may take for each byte of the message.
  private static var factor: Int { 64 }
  /// Bytes that it may take however small the message is.
  private static var allowance: Int { 1 << 16 }

  /// The structure; `Message` must be the one that belongs to the descriptor.
  let pointer: UnsafeMutablePointer<Message>
  private let base: UnsafeMutablePointer<ProtobufCMessage>
  private let budget: AllocationBudget

  /// Unpacks a reduced message: see `MessageScanner`.
  ///
  /// - Throws: `GraphError.malformed` if protobuf-c refuses it or needs too much memory.
  init(_ scan: MessageScanner, as descriptor: MessageDescriptor, from source: ONNXBytes) throws(GraphError) {
    let reduced = scan.reduced
    let budget = AllocationBudget(byteCount: Self.allowance + Self.factor * reduced.count)
    self.budget = budget
    let message = reduced.withUnsafeBufferPointer { bytes in
      protobuf_c_message_unpack(descriptor.pointer, budget.allocator, bytes.count, bytes.baseAddress)
    }
    guard let message else {
      throw source.malformed(
        budget.isExhausted
          ? "its messages would take more than \(Self.factor) times the memory of the file"
          : "a field's value does not fit its type (\(descriptor.name))")
    }
    base = message
    pointer = UnsafeMutableRawPointer(message).assumingMemoryBound(to: Message.self)
  }

  deinit { protobuf_c_message_free_unpacked(base, budget.allocator) }
}

/// Memory for protobuf-c, which gets no more than is left.
private final class AllocationBudget {
  let allocator: UnsafeMutablePointer<ProtobufCAllocator>
  private let left: UnsafeMutablePointer<Int>

  init(byteCount: Int) {
    left = .allocate(capacity: 1)
    left.initialize(to: byteCount)
    allocator = .allocate(capacity: 1)
    allocator.initialize(
      to: ProtobufCAllocator(
        alloc: { data, size in
          guard let left = data?.assumingMemoryBound(to: Int.self), left.pointee >= 0 else { return nil }
          left.pointee -= size
          return left.pointee >= 0 ? malloc(size) : nil
        },
        free: { _, pointer in free(pointer) },
        allocator_data: left))
  }

  var isExhausted: Bool { left.pointee < 0 }

  deinit {
    allocator.deallocate()
    left.deallocate()
  }
}
