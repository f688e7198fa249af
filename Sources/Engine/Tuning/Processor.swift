import Foundation

/// What the system says of the processor.
package enum Processor {
  /// The name that the manufacturer gives it.
  package static var name: String { field("model name") ?? "unknown" }

  /// The name with family, model and stepping: machines rented out hide all else behind a common name.
  package static var identity: String {
    let numbers = [("family", "cpu family"), ("model", "model"), ("stepping", "stepping")].compactMap { label, key in
      field(key).map { "\(label) \($0)" }
    }
    return ([name] + numbers).joined(separator: ", ")
  }

  private static func field(_ name: String) -> String? {
    for line in info.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, parts[0] == name { return parts[1] }
    }
    return nil
  }

  private static let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
}
