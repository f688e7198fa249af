import Foundation

/// Files that tests read: references beside them, and what the default benchmark runs on.
enum Fixtures {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

  /// A file made by `Fixtures/make.py`.
  static func file(_ path: String) -> URL { tests.appending(path: "Fixtures").appending(path: path) }

  /// A file of the repository's `models` folder.
  static func model(_ path: String) -> URL {
    tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "models").appending(path: path)
  }

  /// Decodes one of the JSON files.
  static func json<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: file(path)))
  }
}
