/// The bytes of a model or tensor file while it is read: where they are, what keeps them there, and how errors call them.
struct ONNXBytes {
  /// The file's name, for messages.
  let file: String
  /// The whole file.
  let bytes: UnsafeRawBufferPointer
  /// What keeps the bytes valid.
  let owner: AnyObject
  /// The folder to which locations of external data are relative; nil if there is none.
  let folder: String?

  /// Maps a file.
  init(mapping path: String) throws(GraphError) {
    let map = try MappedFile(path: path)
    file = path
    bytes = map.bytes
    owner = map
    let slash = path.lastIndex(of: "/")
    folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// Takes a copy of bytes in memory.
  init(copying source: [UInt8], file: String, folder: String?) {
    let storage = TensorStorage(byteCount: source.count) { $0.copyBytes(from: source) }
    self.file = file
    bytes = UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount)
    owner = storage
    self.folder = folder
  }

  /// A part of the bytes as a tensor's storage, without a copy.
  func storage(_ range: Range<Int>) -> TensorStorage {
    TensorStorage(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), from: owner)
  }

  /// The error that the file is not what ONNX defines.
  func malformed(_ what: String) -> GraphError { .malformed(file: file, what: what) }
}
