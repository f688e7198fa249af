import Foundation
import Testing

/// Help is held against committed texts; `SWIFTINFER_UPDATE_SNAPSHOTS=1 swift test --filter HelpTests` writes them anew.
struct HelpTests {
  private static let snapshots = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")

  @Test(arguments: [
    [], ["inspect"], ["run"], ["verify"], ["latency"], ["compile"], ["bench"], ["zoo"], ["zoo", "list"],
    ["zoo", "build"],
  ])
  func equalsSnapshot(command: [String]) throws {
    // Terminals differ in width.
    var outcome = try Program.swiftinfer(command + ["--help"], environment: ["COLUMNS": "100"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.errors.isEmpty)
    // The number of processors is the default of --threads.
    let processors = ProcessInfo.processInfo.activeProcessorCount
    outcome = Program.Outcome(
      exitCode: 0, output: outcome.output.replacing("(default: \(processors))", with: "(default: N)"), errors: "")
    let file = Self.snapshots.appending(path: (["swiftinfer"] + command).joined(separator: "-") + ".txt")
    if ProcessInfo.processInfo.environment["SWIFTINFER_UPDATE_SNAPSHOTS"] != nil {
      try Data(outcome.output.utf8).write(to: file)
    }
    #expect(try outcome.output == String(contentsOf: file, encoding: .utf8))
  }
}
