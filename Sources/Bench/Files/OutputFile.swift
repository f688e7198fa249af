import Foundation
import Graph

/// Files that commands write: whole or not at all.
public enum OutputFile {
  /// Writes a file by way of a temporary one beside it, which is renamed when it is complete.
  ///
  /// - Throws: `BenchError.unwritable`; nothing is left behind then.
  public static func write(_ data: Data, to file: URL) throws(BenchError) {
    do throws(GraphError) {
      let temporary = try TemporaryFile(for: file.path)
      try temporary.append([UInt8](data))
      try temporary.commit()
    } catch {
      guard case .unwritable(let file, let reason) = error else {
        throw .unwritable(file: file.path, reason: error.description)
      }
      throw .unwritable(file: file, reason: reason)
    }
  }

  /// Makes a folder, with those around it, unless it exists.
  public static func makeFolder(_ folder: URL) throws(BenchError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(file: folder.path, reason: SystemMessage.text(of: error))
    }
  }
}
