import Engine
import Foundation
import Graph

/// What one inference gave: what `swiftinfer run` prints.
public struct RunOutputs: Encodable, Sendable {
  /// One output.
  public struct Output: Encodable, Sendable {
    /// Its name.
    public let name: String
    /// Type and shape.
    public let type: String
    /// The smallest element; nil for texts and for nothing.
    public let min: Double?
    /// The largest element.
    public let max: Double?
    /// The mean of all elements.
    public let mean: Double?
    /// The first elements.
    public let first: [String]
  }

  /// The outputs in the model's order.
  public let outputs: [Output]
  /// The most probable classes, if the model classifies.
  public let classes: [Classification.Candidate]?

  /// Elements that are shown.
  private static let shown = 8

  /// Summarizes outputs.
  public init(_ values: [String: RuntimeValue], order: [String], isClassification: Bool) {
    outputs = order.map { name in
      switch values[name] {
      case .tensor(let tensor)?: Self.output(name, tensor)
      case .sequence(let tensors, let type)?:
        Output(
          name: name, type: "sequence(\(type)) of \(tensors.count)", min: nil, max: nil, mean: nil,
          first: tensors.prefix(Self.shown).map(\.description))
      default: Output(name: name, type: "nothing", min: nil, max: nil, mean: nil, first: [])
      }
    }
    let scores = order.first.flatMap { values[$0]?.tensor }
    classes = isClassification ? scores.flatMap { Classification($0)?.top } : nil
  }

  private static func output(_ name: String, _ tensor: Tensor) -> Output {
    if let strings = tensor.strings {
      return Output(
        name: name, type: "\(tensor)", min: nil, max: nil, mean: nil, first: strings.prefix(shown).map { "'\($0)'" })
    }
    let elements = NumericElements(tensor)
    let numbers = (0..<tensor.count).map { elements[$0].real }
    return Output(
      name: name, type: "\(tensor)", min: numbers.min(), max: numbers.max(),
      mean: numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count),
      first: (0..<Swift.min(shown, tensor.count)).map(elements.description(at:)))
  }

  /// Writes each tensor as `NAME.npy`, and those of a sequence as `NAME_0.npy` and so on: all, or none.
  ///
  /// - Parameters:
  ///   - values: the outputs, by their names.
  ///   - order: the names of the outputs, in the order in which they are written.
  ///   - folder: where the files go.
  /// - Throws: `BenchError.unwritable`; before anything is written if two outputs would take the same file, else after
  ///   removing what was written.
  public static func write(
    _ values: [String: RuntimeValue], order: [String], to folder: URL
  ) throws(BenchError) {
    var files: [(URL, Tensor)] = []
    for name in order {
      for (valueName, tensor) in values[name].map({ tensors(of: $0, named: name) }) ?? [] {
        let file = folder.appending(path: Tensor.fileName(forValue: valueName))
        guard !files.contains(where: { $0.0 == file }) else {
          throw .unwritable(
            file: file.path, reason: "two outputs of the model would be written to it, '\(name)' is one of them")
        }
        files.append((file, tensor))
      }
    }
    try OutputFile.makeFolder(folder)
    for (index, (file, tensor)) in files.enumerated() {
      do throws(BenchError) {
        try OutputFile.write(tensor.npyData(), to: file)
      } catch {
        for (written, _) in files[..<index] { try? FileManager.default.removeItem(at: written) }
        throw error
      }
    }
  }

  private static func tensors(of value: RuntimeValue, named name: String) -> [(String, Tensor)] {
    switch value {
    case .tensor(let tensor): [(name, tensor)]
    case .sequence(let tensors, _): tensors.enumerated().map { ("\(name)_\($0)", $1) }
    case .none: []
    }
  }
}

extension RunOutputs: CustomStringConvertible {
  /// One line for each output, and the classes.
  public var description: String {
    func short(_ value: Double?) -> String { value.map { String(format: "%.6g", $0) } ?? "" }
    let rows = outputs.map { output in
      [
        output.name, output.type, short(output.min), short(output.max), short(output.mean),
        output.first.joined(separator: " "),
      ]
    }
    var text = TextTable(
      ["output", "type", "min", "max", "mean", "first elements"], alignedRight: [2, 3, 4], rows: rows
    ).description
    if let classes {
      let rows = classes.map { ["\($0.label)", Figures.decimals($0.probability, 4)] }
      text += "\n\n" + TextTable(["class", "probability"], alignedRight: [0, 1], rows: rows).description
    }
    return text
  }
}
