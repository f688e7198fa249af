/// Constants that a model's message refers to by number, since they lie elsewhere: in a plan file.
package struct NumberedConstants {
  /// What the message has in the place of a path.
  static let location = "constant"

  private let contents: (Int) -> Tensor.Contents?

  /// - Parameter contents: where the elements of a number are; nil if there is no such number.
  package init(_ contents: @escaping (Int) -> Tensor.Contents?) { self.contents = contents }

  /// The constant at a location; nil if there is none of this size.
  func tensor(at location: ExternalData.Location, type: DataType, shape: [Int], count: Int) -> Tensor? {
    guard location.path == Self.location, type != .string else { return nil }
    switch contents(location.offset) {
    case .bytes(let storage)? where storage.byteCount == type.byteCount(elements: count):
      return Tensor(dataType: type, shape: shape, storage: storage)
    case .absent(let number)?: return Tensor(dataType: type, shape: shape, absent: number)
    default: return nil
    }
  }
}
