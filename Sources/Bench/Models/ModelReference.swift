import Engine
import Foundation
import Graph
import Zoo

/// What a user calls a model: the path of an ONNX file or a plan file, or `zoo:NAME`.
public enum ModelReference: Sendable, Equatable {
  /// A file.
  case file(String)
  /// A model of the zoo.
  case zoo(ZooModel)

  /// Understands a user's text.
  ///
  /// - Throws: `ZooError.unknownModel` for `zoo:` with a name that the zoo does not have.
  public init(_ text: String) throws(ZooError) {
    let prefix = "zoo:"
    self = text.hasPrefix(prefix) ? .zoo(try ZooModel(named: String(text.dropFirst(prefix.count)))) : .file(text)
  }

  /// How a user writes it.
  public var text: String {
    switch self {
    case .file(let path): path
    case .zoo(let model): "zoo:\(model.name)"
    }
  }

  /// A short name for tables: that of the zoo, or the file's without folder and ending.
  public var shortName: String {
    switch self {
    case .file(let path): URL(filePath: path).deletingPathExtension().lastPathComponent
    case .zoo(let model): model.name
    }
  }

  /// Whether it is a file of the user's.
  var isFile: Bool { if case .file = self { true } else { false } }

  /// Whether it is a plan file.
  public var isPlan: Bool { if case .file(let path) = self { PlanFile.isPlan(path) } else { false } }

  /// Reads or builds the model, and prepares it to run; a file may be a plan file.
  ///
  /// - Throws: `EngineError` if the file is at fault.
  public func compiled() throws -> CompiledModel {
    switch self {
    case .file(let path): try CompiledModel(contentsOf: path)
    case .zoo(let model): try CompiledModel(model.build())
    }
  }

  /// Reads or builds the model.
  ///
  /// - Throws: `EngineError.model` if the file is at fault.
  public func load() throws -> Model {
    switch self {
    case .file(let path):
      do throws(GraphError) { return try Model(contentsOf: path) } catch {
        throw EngineError.model(source: path, error)
      }
    case .zoo(let model): return try model.build()
    }
  }
}

/// The folder `models` of the repository, where inputs and vocabularies of the default benchmark are.
public enum ModelsFolder {
  /// The variable that names the folder, for a program that is elsewhere.
  public static let environmentVariable = "SWIFTINFER_MODELS"

  /// Finds a file or folder in it: where the variable says, in the current folder's `models`, or beside a folder around
  /// the program.
  ///
  /// - Throws: `BenchError.nothingFound` naming what is missing and the variable.
  public static func find(_ path: String) throws(BenchError) -> URL {
    let candidates: [URL]
    if let named = ProcessInfo.processInfo.environment[environmentVariable] {
      candidates = [URL(filePath: named)]
    } else {
      let program = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
      let around = program.map { sequence(first: $0) { $0.path == "/" ? nil : $0.deletingLastPathComponent() } }
      candidates =
        [URL(filePath: "models")] + (around.map { $0.prefix(6).map { $0.appending(path: "models") } } ?? [])
    }
    for candidate in candidates.map({ $0.appending(path: path) })
    where FileManager.default.fileExists(atPath: candidate.path) {
      return candidate
    }
    throw .nothingFound(
      folder: candidates.first?.path ?? "models", what: "'\(path)' (\(environmentVariable) names another folder)")
  }
}
