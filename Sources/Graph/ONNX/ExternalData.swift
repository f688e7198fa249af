#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The files beside a model that hold tensors' bytes; each is mapped once.
///
/// A model names them by a path relative to its own folder. The path may not leave the folder, neither by its text nor through
/// symbolic links: a model from elsewhere must not read other files of its user. This holds even while the folder's contents
/// change: links are resolved first, and the file is then opened by a way on which none is followed.
///
/// Links that stay in the folder are followed, as ONNX Runtime does; onnx's own checker refuses every link. A model that is
/// itself a link may have its data beside the file that it leads to: caches of model hubs keep both in one folder and link to
/// them from others.
final class ExternalData {
  /// Where a model's external data may lie.
  struct Folder {
    /// The folder to which locations are relative.
    let path: String
    /// The folder of the file that the model's name leads to; nil for models in memory.
    let target: String?

    /// A folder for a model in memory.
    init(path: String) { (self.path, target) = (path, nil) }

    /// The folder of a model's file.
    init(ofModel file: String) {
      path = FilePath.folder(of: file)
      target = FilePath.resolved(file).map(FilePath.folder)
    }
  }

  /// Where one tensor's bytes lie.
  struct Location {
    /// Path relative to the model's folder.
    var path = ""
    /// First byte in the file.
    var offset = 0
    /// Number of bytes; nil for as many as the tensor takes.
    var length: Int?
  }

  private let folder: Folder?
  private var maps: [Place: MappedFile] = [:]
  private var locations: Set<String> = []
  /// The files that were read, each under all names that the model has for it.
  private(set) var files: [SourceFile] = []

  /// Prepares reading next to a model; without a folder there is no external data.
  init(folder: Folder?) { self.folder = folder }

  /// The bytes of a tensor, in the map.
  ///
  /// - Throws: `GraphError.malformed` of the file `model`, about the tensor called `tensor`.
  func storage(
    at location: Location, byteCount: Int, tensor: String, model: ONNXBytes
  ) throws(GraphError) -> TensorStorage {
    func fault(_ what: String) -> GraphError {
      model.malformed("\(tensor): its external data '\(location.path)' \(what)")
    }
    let map: MappedFile
    switch resolve(location.path) {
    case .failure(let reason): throw fault(reason.text)
    case .success(let place):
      if let known = maps[place] {
        map = known
      } else {
        do { map = try MappedFile(path: place.names, in: place.root) } catch { throw fault("cannot be read: \(error)") }
        maps[place] = map
      }
      if let folder, locations.insert(location.path).inserted {
        files.append(SourceFile(path: folder.path + "/" + location.path, map: map))
      }
    }
    if let length = location.length, length != byteCount {
      throw fault("has \(length) bytes where type and shape take \(byteCount)")
    }
    guard location.offset >= 0, byteCount <= map.bytes.count, location.offset <= map.bytes.count - byteCount else {
      throw fault("ends at byte \(map.bytes.count), before the tensor's \(byteCount) bytes from \(location.offset)")
    }
    let part = map.bytes[location.offset..<location.offset + byteCount]
    return TensorStorage(borrowing: UnsafeRawBufferPointer(rebasing: part), from: map)
  }

  private struct Refusal: Error {
    var text: String
  }

  /// A file, by a way that has no links.
  private struct Place: Hashable {
    /// The folder that it may not leave.
    var root: String
    /// The names from there on.
    var names: [Substring]
  }

  private func resolve(_ location: String) -> Result<Place, Refusal> {
    guard let folder else { return .failure(Refusal(text: "cannot be found: the model was not read from a folder")) }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.hasPrefix("/"), !parts.contains("..") else {
      return .failure(Refusal(text: "must be a path inside the model's folder"))
    }
    guard let root = FilePath.resolved(folder.path), let path = FilePath.resolved(folder.path + "/" + location) else {
      return .failure(Refusal(text: "cannot be read: \(SystemError.last)"))
    }
    let roots = [root] + (folder.target.map { [$0] } ?? [])
    guard let root = roots.first(where: { $0 == "/" || path.hasPrefix($0 + "/") }) else {
      return .failure(Refusal(text: "leaves the model's folder through a symbolic link"))
    }
    return .success(Place(root: root, names: path.dropFirst(root.count).split(separator: "/")))
  }
}
