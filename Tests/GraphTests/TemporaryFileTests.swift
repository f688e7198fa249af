import Foundation
import Graph
import TestSupport
import Testing

/// Files that are written whole or not at all, in place of what their name leads to.
struct TemporaryFileTests {
  private func write(_ text: String, to path: String) throws {
    let file = try TemporaryFile(for: path)
    try file.append([UInt8](text.utf8))
    try file.commit()
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  private func mode(_ path: String) throws -> NSNumber? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
  }

  private func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }

  /// The file may be there or not, beside the link or not, and behind more than one.
  @Test(arguments: ["file", "inner/file", "second"], [true, false])
  func replacesWhatALinkLeadsTo(target: String, isThere: Bool) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("inner"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: folder.file("second"), withDestinationPath: "inner/last")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: target)
    if isThere { try Data("old".utf8).write(to: URL(filePath: folder.file(target))) }
    try write("new", to: folder.file("link"))
    #expect(isLink(folder.file("link")) && isLink(folder.file("second")))
    #expect(try text(folder.file(target)) == "new")
    #expect(try text(folder.file("link")) == "new")
    #expect(folder.contents.allSatisfy { !$0.hasSuffix(".tmp") })
  }

  @Test func linksInACircleLeadNowhere() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(atPath: folder.file("a"), withDestinationPath: "b")
    try FileManager.default.createSymbolicLink(atPath: folder.file("b"), withDestinationPath: "a")
    #expect(throws: GraphError.unwritable(file: folder.file("a"), reason: "not a regular file")) {
      try write("new", to: folder.file("a"))
    }
    #expect(folder.contents == ["a", "b"])
  }

  @Test(arguments: [0o600, 0o640, 0o755, 0o444])
  func keepsThePermissionsOfWhatItReplaces(mode: Int) throws {
    let folder = try TemporaryFolder()
    try write("old", to: folder.file("a"))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file("a"))
    try write("new", to: folder.file("a"))
    #expect(try self.mode(folder.file("a"))?.intValue == mode)
    #expect(try text(folder.file("a")) == "new")
  }

  /// Where the system cannot name a file that has no name, it has one from the beginning.
  @Test func hasATemporaryNameWhereItMust() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try TemporaryFile(for: folder.file("a"), openFiles: folder.file("none"))
      try file.append([1, 2])
      #expect(folder.contents.count == 1 && folder.contents[0].hasPrefix("a.") && folder.contents[0].hasSuffix(".tmp"))
      try file.commit()
      #expect(folder.contents == ["a"])
      #expect(try Data(contentsOf: URL(filePath: folder.file("a"))) == Data([1, 2]))
    }
    do {
      let file = try TemporaryFile(for: folder.file("b"), openFiles: folder.file("none"))
      try file.append([1])
    }
    #expect(folder.contents == ["a"])
  }

  #if os(Linux)
    @Test func hasNoNameUntilItIsComplete() throws {
      let folder = try TemporaryFolder()
      let file = try TemporaryFile(for: folder.file("a"))
      try file.append([1])
      #expect(folder.contents.isEmpty)
      try file.commit()
      #expect(folder.contents == ["a"])
    }
  #endif
}
