import Foundation
import Graph
import Kernels
import Synchronization

/// A plan file that is open: a model compiled for some shapes of its inputs, with its weights in the layouts of the kernels.
///
/// | part | what it holds |
/// | --- | --- |
/// | preamble | magic, versions, checksums: `PlanPreamble` |
/// | graphs | ONNX messages whose constants are numbers: the model's graph, and that of each plan after all passes |
/// | constants | those that steps read as they are |
/// | weights | packed, each from the beginning of a page |
/// | manifest | JSON: what the plan was made for and of, where all else is: `PlanManifest` |
///
/// The file is mapped. Opening it reads the head; the first session has constants and weights checked on its threads, and lowers
/// the graph of its plan as for any model, but finds all weights packed. Elements of weights that are only used packed are
/// not in the file. Hence it takes other shapes than those it was compiled for if these need no other form of any
/// weights, as with texts of another length; `GraphError.absentConstant` says where they do.
public final class PlanFile: Sendable {
  /// Where the file is.
  public let path: String
  let manifest: PlanManifest
  private let map: MappedFile
  /// The constants that are in the file, by their numbers.
  private let constants: [TensorStorage?]
  private let isChecked = Mutex(false)
  /// Graphs for inputs of some types, which the first session need not make or read.
  private let ready = Mutex<[[String]: Graph]>([:])

  /// Opens a plan file.
  ///
  /// - Throws: `EngineError.model` if it cannot be read, `EngineError.plan` if it is foreign or damaged.
  public init(contentsOf path: String) throws(EngineError) {
    self.path = path
    do throws(GraphError) { map = try MappedFile(path: path) } catch { throw .model(source: path, error) }
    do throws(PlanFault) {
      manifest = try Self.manifest(of: map.bytes)
      try manifest.check(fileByteCount: map.bytes.count)
    } catch {
      throw .plan(file: path, error)
    }
    let map = map
    constants = manifest.constants.map { constant in
      constant.part.map { TensorStorage(borrowing: map.bytes(of: $0), from: map) }
    }
  }

  /// Bytes of the file.
  public var byteCount: Int { map.bytes.count }
  /// The model that it was made of.
  public var source: PlanSource { manifest.source }
  /// The kernels' instruction set, such as `avx2`; the file is of no use where the processor has it not.
  public var instructionSet: String { manifest.instructionSet }
  /// The processor on which it was made; others with the instruction set take it too.
  public var processor: String { manifest.processor }
  /// Threads for which kernels were chosen; any number runs them.
  public var threads: Int { manifest.threads }
  /// How kernels were chosen.
  public var options: PlanOptions { manifest.options }
  /// The types of the inputs that it was compiled for, in the order of the model: one list for each plan.
  public var inputTypes: [[String]] { manifest.plans.map(\.types) }
  /// The sizes of inputs that it was compiled for, by name: one set for each plan; inputs may be left out whose sizes the model
  /// declares.
  public var sizes: [[String: [Int]]] { manifest.plans.map(\.sizes) }

  /// Whether a file begins as plan files do, whatever its name; false if it cannot be read.
  public static func isPlan(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: PlanPreamble.magic.count)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return count == bytes.count && bytes.withUnsafeBytes(PlanPreamble.isPlan)
  }

  /// Checks that the model that it was made of is as it was, as far as its files are still there; a session checks this too.
  ///
  /// - Throws: `EngineError.plan` if the model has changed.
  public func checkSource() throws(EngineError) {
    do throws(PlanFault) { try source.check(pool: ThreadPool(threads: 1)) } catch {
      throw .plan(file: path, error)
    }
  }

  private static func manifest(of bytes: UnsafeRawBufferPointer) throws(PlanFault) -> PlanManifest {
    let preamble = try PlanPreamble(bytes)
    let json = UnsafeRawBufferPointer(rebasing: bytes.suffix(preamble.manifestByteCount))
    guard Checksum.of(json) == preamble.manifestChecksum else {
      throw .damaged("its manifest differs from its checksum")
    }
    guard let manifest = try? JSONDecoder().decode(PlanManifest.self, from: Data(json)) else {
      throw .damaged("its manifest is none")
    }
    guard manifest.layouts == PackedLayout.version else {
      throw .foreign(
        what: "version of packed layouts", expected: "\(PackedLayout.version)", found: "\(manifest.layouts)")
    }
    return manifest
  }
}

extension PlanManifest {
  /// Checks that all parts are within the file and where the kernels can read them.
  fileprivate func check(fileByteCount: Int) throws(PlanFault) {
    for part in [model] + plans.map(\.graph) + constants.compactMap(\.part) + weights.map(\.part) {
      guard part.offset >= 0, part.byteCount >= 0, part.offset <= fileByteCount,
        part.byteCount <= fileByteCount - part.offset, part.offset % TensorStorage.alignment == 0
      else { throw .damaged("a part of it would be \(part.byteCount) bytes from byte \(part.offset)") }
    }
  }
}

extension MappedFile {
  /// A part that is known to be within the file.
  fileprivate func bytes(of part: PlanManifest.Part) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[part.offset..<part.offset + part.byteCount])
  }
}

// MARK: - What a compiled model takes of it

extension PlanFile {
  /// The model's graph, for inputs of any shapes.
  func model() throws(EngineError) -> Model { try model(at: manifest.model) }

  /// Keeps a graph that passes made for inputs of these types, so that the first session need not make or read it again.
  func keep(_ graph: Graph, for types: [ValueType?]) {
    let texts = types.map(PlanManifest.text)
    ready.withLock { $0[texts] = graph }
  }

  /// The graph that passes made for inputs of these types; nil if there is none for them.
  ///
  /// - Throws: `EngineError.plan` if it is damaged.
  func graph(for types: [ValueType?]) throws(EngineError) -> Graph? {
    let texts = types.map(PlanManifest.text)
    if let graph = ready.withLock({ $0[texts] }) { return graph }
    guard let plan = manifest.plans.first(where: { $0.types == texts }) else { return nil }
    var graph = try model(at: plan.graph).graph
    do throws(GraphError) { try ConstantFolding.inference.run(on: &graph) } catch {
      throw .plan(file: path, .damaged("\(error)"))
    }
    return graph
  }

  private func model(at part: PlanManifest.Part) throws(EngineError) -> Model {
    let bytes = map.bytes(of: part)
    guard Checksum.of(bytes) == part.checksum else {
      throw .plan(file: path, .damaged("a graph differs from its checksum"))
    }
    let constants = NumberedConstants { [constants] number in
      guard constants.indices.contains(number) else { return nil }
      return constants[number].map(Tensor.Contents.bytes) ?? .absent(number)
    }
    do throws(GraphError) {
      return try Model(bytes: bytes, keptBy: map, source: path, numbered: constants)
    } catch {
      throw .plan(file: path, .damaged("\(error)"))
    }
  }

  /// The packed weights, in the file.
  func weights() -> WeightCache {
    var packed: [WeightCache.Key: PackedWeights] = [:]
    for entry in manifest.weights {
      let key = WeightCache.Key(
        weights: .number(entry.constant), scale: entry.scale.map(WeightCache.Identity.number), format: entry.format)
      packed[key] = PackedWeights(TensorStorage(borrowing: map.bytes(of: entry.part), from: map))
    }
    var numbers: [ObjectIdentifier: Int] = [:]
    for (number, storage) in constants.enumerated() {
      if let storage { numbers[ObjectIdentifier(storage)] = number }
    }
    return WeightCache(packed: packed, numbers: numbers)
  }

  /// Reads constants and weights, once: what differs from its checksum is an error, and weights that are right are in memory
  /// then.
  ///
  /// - Parameters:
  ///   - pool: threads that read them.
  ///   - needsModel: whether the files that the plan was made of must be there.
  /// - Throws: `EngineError.plan` if they are damaged, or the model has changed.
  func check(pool: ThreadPool, needsModel: Bool = false) throws(EngineError) {
    do throws(PlanFault) {
      try isChecked.withLock { isChecked throws(PlanFault) in
        guard !isChecked else { return }
        try manifest.source.check(pool: pool, isNeeded: needsModel)
        let constants = manifest.constants.compactMap(\.part)
        let parts = constants + manifest.weights.map(\.part)
        let found = Checksum.of(parts.map(map.bytes(of:)), pool: pool) { part, bytes in
          // Of large constants, which are embeddings, a request reads a few rows.
          if part < constants.count { map.discardPages(of: bytes) }
        }
        for (part, checksum) in zip(parts, found) where part.checksum != checksum {
          throw .damaged("\(part.byteCount) bytes from byte \(part.offset) differ from their checksum")
        }
        isChecked = true
      }
    } catch {
      throw .plan(file: path, error)
    }
  }
}

extension PlanManifest {
  /// How the manifest writes the type of an input.
  static func text(_ type: ValueType?) -> String { type?.description ?? "?" }
}
