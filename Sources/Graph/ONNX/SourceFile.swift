/// A file that a model was read from.
///
/// Its map is what the model's tensors refer to, whatever has become of the file since it was opened.
package struct SourceFile: Sendable {
  /// How the file was called, from the current folder if the model was; links in it are kept.
  package let path: String
  /// Its bytes, and its status when it was opened.
  package let map: MappedFile

  /// Whether a path leads to this file, by whatever names, or to what has taken its place.
  package func isAt(_ other: String) -> Bool {
    if let status = FileStatus(path: other), status.isSameFile(as: map.status) { return true }
    guard let resolved = FilePath.resolved(other) else { return false }
    return resolved == FilePath.resolved(path)
  }
}
