import Foundation

/// A model with inputs and the outputs expected for them: a folder as ONNX's backend tests have them.
///
///     CASE/model.onnx
///     CASE/test_data_set_0/input_0.pb …, output_0.pb …
///     CASE/tolerance.json                              where it differs from the standard
public struct VerificationCase: Sendable, Equatable {
  /// The folder's path below the folder that was searched, such as `node/test_abs`.
  public let name: String
  /// The folder.
  public let folder: URL

  /// Names a folder.
  public init(name: String, folder: URL) {
    self.name = name
    self.folder = folder
  }

  /// The model's file.
  public var model: URL { folder.appending(path: "model.onnx") }

  /// The folders of inputs and outputs, in the order of their numbers.
  public var dataSets: [URL] {
    Self.subfolders(of: folder).filter { $0.lastPathComponent.hasPrefix("test_data_set_") }
      .sorted { $0.lastPathComponent.compare($1.lastPathComponent, options: .numeric) == .orderedAscending }
  }

  /// The files of one role in a data set: one for each value of that role which the model has, numbered from 0.
  ///
  /// - Throws: `BenchError.malformed` if the data set has more files of the role, or fewer, or numbers them otherwise.
  static func files(_ role: String, count: Int, in dataSet: URL) throws(BenchError) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: dataSet.path)) ?? []
    let found = names.filter { $0.hasPrefix("\(role)_") && $0.hasSuffix(".pb") }
    let expected = (0..<count).map { "\(role)_\($0).pb" }
    guard Set(found) == Set(expected) else {
      func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
      let sorted = found.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
      throw .malformed(
        file: dataSet.path,
        what:
          "the model has \(count) \(role)\(count == 1 ? "" : "s"): expected \(list(expected)), found \(list(sorted))")
    }
    return expected.map { dataSet.appending(path: $0) }
  }

  /// Finds all cases in and below a folder, sorted by name.
  ///
  /// - Throws: `BenchError` if the folder cannot be read or holds no case.
  public static func find(in root: URL) throws(BenchError) -> [VerificationCase] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw .unreadable(file: root.path, reason: "no such folder")
    }
    var found: [VerificationCase] = []
    search(root.standardizedFileURL, name: [], into: &found)
    guard !found.isEmpty else {
      throw .nothingFound(folder: root.path, what: "case (a folder with model.onnx and test_data_set_0)")
    }
    return found
  }

  private static func search(_ folder: URL, name: [String], into found: inout [VerificationCase]) {
    if isCase(folder) {
      let name = name.isEmpty ? [folder.lastPathComponent] : name
      found.append(VerificationCase(name: name.joined(separator: "/"), folder: folder))
    } else {
      for subfolder in subfolders(of: folder) {
        search(subfolder, name: name + [subfolder.lastPathComponent], into: &found)
      }
    }
  }

  private static func isCase(_ folder: URL) -> Bool {
    let names = names(in: folder)
    return names.contains("model.onnx") && names.contains { $0.hasPrefix("test_data_set_") }
  }

  /// The folders in a folder, by name; of symbolic links those to cases alone, so that the search ends.
  private static func subfolders(of folder: URL) -> [URL] {
    names(in: folder).map { folder.appending(path: $0) }.filter { item in
      guard let type = try? item.resourceValues(forKeys: [.isDirectoryKey, .isSymbolicLinkKey]) else { return false }
      return type.isDirectory == true || type.isSymbolicLink == true && isCase(item)
    }
  }

  private static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }
}
