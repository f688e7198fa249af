import Foundation

/// Files that commands read.
public enum InputFile {
  /// Reads a file whole.
  ///
  /// Pipes and devices are refused: they have no end that could be known before.
  ///
  /// - Throws: `BenchError.unreadable` with what the system says.
  public static func read(_ file: URL) throws(BenchError) -> Data {
    var status = stat()
    guard stat(file.path, &status) == 0 else {
      throw .unreadable(file: file.path, reason: SystemMessage.text(code: errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(file: file.path, reason: "not a regular file")
    }
    do { return try Data(contentsOf: file) } catch {
      throw .unreadable(file: file.path, reason: SystemMessage.text(of: error))
    }
  }
}
