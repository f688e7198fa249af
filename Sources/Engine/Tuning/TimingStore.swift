import Foundation
import Graph
import Kernels

/// The timings of one processor's layers in a file, so that a layer is measured once on a machine.
///
/// The file is a cache: one that is damaged, or that was made on another processor or by other kernels, is passed over and
/// written anew, and one that cannot be written is not missed. Each time there is a note that says so.
package struct TimingStore: Sendable {
  /// What timings hold for.
  package struct Machine: Codable, Equatable, Sendable {
    /// The processor.
    package let processor: String
    /// The kernels' instruction set.
    package let instructionSet: String
    /// Threads that share a layer.
    package let threads: Int
    /// The kernels' own version.
    package let kernels: Int

    /// Names what timings hold for.
    package init(processor: String, instructionSet: String, threads: Int, kernels: Int) {
      self.processor = processor
      self.instructionSet = instructionSet
      self.threads = threads
      self.kernels = kernels
    }
  }

  private struct Document: Codable {
    let machine: Machine
    let layers: [String: LayerTimings]
  }

  /// The file.
  package let file: URL
  /// What its timings must hold for.
  package let machine: Machine

  /// Bytes of the longest file that is read: some hundred thousand layers.
  private static let longest = 64 << 20

  /// - Parameters:
  ///   - folder: where files of timings are.
  ///   - machine: one file for each, named after it.
  package init(folder: URL, machine: Machine) {
    self.machine = machine
    let words = machine.processor.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let name = words.joined(separator: "-").prefix(100)
    file = folder.appending(path: "timings-\(name)-\(machine.instructionSet)-\(machine.threads).json")
  }

  /// The timings of the file; none, with a note where that is not because the file does not exist.
  package func read() -> (layers: [String: LayerTimings], note: String?) {
    func passedOver(_ why: String) -> (layers: [String: LayerTimings], note: String?) {
      ([:], "\(file.path): \(why); layers are measured anew")
    }
    guard FileManager.default.fileExists(atPath: file.path) else { return ([:], nil) }
    let size = (try? FileManager.default.attributesOfItem(atPath: file.path)[.size]) as? Int ?? 0
    guard size <= Self.longest else { return passedOver("\(size) bytes are too long for timings") }
    guard let data = try? Data(contentsOf: file) else { return passedOver("cannot be read") }
    guard let document = try? JSONDecoder().decode(Document.self, from: data),
      document.layers.values.allSatisfy(\.isPlausible)
    else { return passedOver("damaged") }
    guard document.machine == machine else {
      let found = document.machine
      return passedOver(
        "made for \(found.processor), \(found.instructionSet), \(found.threads) threads, kernels \(found.kernels)")
    }
    return (document.layers, nil)
  }

  /// Adds timings to the file, whose readers find the old file or the new one.
  ///
  /// - Returns: a note if it cannot be written.
  package func add(_ layers: [String: LayerTimings]) -> String? {
    // Another process may have written since.
    let document = Document(machine: machine, layers: read().layers.merging(layers) { $1 })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    do {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let replacement = try TemporaryFile(for: file.path)
      try replacement.append([UInt8](encoder.encode(document)))
      try replacement.commit()
      return nil
    } catch {
      let reason =
        if case GraphError.unwritable(_, let reason) = error { reason } else { error.localizedDescription }
      return "\(file.path): timings are not kept: \(reason)"
    }
  }
}

extension TimingStore {
  /// The folder of this machine's timings: `SWIFTINFER_CACHE`, or `swiftinfer` in `XDG_CACHE_HOME` or `~/.cache`.
  package static func folder(environment: [String: String]) -> URL {
    if let folder = environment["SWIFTINFER_CACHE"], !folder.isEmpty { return URL(filePath: folder) }
    // A relative path is to be ignored, says the specification.
    if let caches = environment["XDG_CACHE_HOME"], caches.hasPrefix("/") {
      return URL(filePath: caches).appending(path: "swiftinfer")
    }
    return FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache/swiftinfer")
  }

  /// The file for kernels on this machine.
  ///
  /// - Parameter folder: where files are; nil for the folder that the environment names.
  init(for kernels: KernelContext, folder: String?) {
    self.init(
      folder: folder.map { URL(filePath: $0) } ?? Self.folder(environment: ProcessInfo.processInfo.environment),
      machine: Machine(
        processor: Processor.identity, instructionSet: kernels.table.name, threads: kernels.pool.threads,
        kernels: Convolution.timingVersion))
  }
}
