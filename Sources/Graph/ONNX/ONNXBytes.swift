/// The bytes of a model or tensor file while it is read: where they are, what keeps them there, and how errors call them.
struct ONNXBytes {
  /// The file's name, for messages.
  let file: String
  /// The whole file.
  let bytes: UnsafeRawBufferPointer
  /// What keeps the bytes valid.
  let owner: AnyObject
  /// Where external data may lie; nil if there is none.
  let folder: ExternalData.Folder?
  /// The file that the bytes are the whole of; nil for bytes in memory, and parts of a file.
  let sourceFile: SourceFile?

  /// Refers to bytes that `owner` keeps valid.
  init(file: String, bytes: UnsafeRawBufferPointer, owner: AnyObject, folder: ExternalData.Folder?) {
    (self.file, self.bytes, self.owner, self.folder, sourceFile) = (file, bytes, owner, folder, nil)
  }

  /// Maps a file.
  init(mapping path: String) throws(GraphError) {
    let map = try MappedFile(path: path)
    file = path
    bytes = map.bytes
    owner = map
    folder = ExternalData.Folder(ofModel: path)
    sourceFile = SourceFile(path: path, map: map)
  }

  /// Takes a copy of bytes in memory.
  init(copying source: [UInt8], file: String, folder: String?) {
    let storage = TensorStorage(byteCount: source.count) { $0.copyBytes(from: source) }
    self.file = file
    bytes = UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount)
    owner = storage
    self.folder = folder.map { ExternalData.Folder(path: $0) }
    sourceFile = nil
  }

  /// A part of the bytes as a tensor's storage, without a copy.
  func storage(_ range: Range<Int>) -> TensorStorage {
    TensorStorage(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), from: owner)
  }

  /// The error that the file is not what ONNX defines.
  func malformed(_ what: String) -> GraphError { .malformed(file: file, what: what) }
}
