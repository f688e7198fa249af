import Engine
import Foundation
import Graph
import Zoo

/// Turns files, images and texts into the inputs of a model.
public struct ModelInputs: Sendable {
  let graph: Graph
  let reference: ModelReference

  /// Prepares inputs for a model.
  public init(for model: Model, reference: ModelReference) {
    graph = model.graph
    self.reference = reference
  }

  /// Reads inputs from files, each given as `NAME=FILE`.
  ///
  /// - Throws: `BenchError` or `GraphError` naming the argument or the file.
  public func files(_ arguments: [String]) throws -> [String: RuntimeValue] {
    var values: [String: RuntimeValue] = [:]
    for argument in arguments {
      let (name, path) = try Self.split(argument)
      guard let input = graph.inputs.first(where: { graph[$0].name == name }) else {
        let known = graph.inputs.map { graph[$0].name }.joined(separator: ", ")
        throw BenchError.unusable(argument: "--input \(argument)", reason: "the model takes \(known)")
      }
      guard values[name] == nil else {
        throw BenchError.unusable(argument: "--input \(argument)", reason: "input '\(name)' has a file already")
      }
      let file = URL(filePath: path)
      let type = graph[input].type
      if file.pathExtension.lowercased() == "pb" {
        values[name] = try RuntimeValue(contentsOf: file, declared: type)
      } else {
        values[name] = .tensor(try Tensor(contentsOf: file))
      }
    }
    return values
  }

  /// Checks that each input of the model has a value.
  ///
  /// - Throws: `BenchError.unusable` naming the first that has none.
  public func checkComplete(_ values: [String: RuntimeValue]) throws(BenchError) {
    for input in graph.inputs where values[graph[input].name] == nil {
      let name = graph[input].name
      let type = graph[input].type.map { ", which is \($0)" } ?? ""
      throw .unusable(argument: "input '\(name)'\(type)", reason: "no value is given; use --input \(name)=FILE")
    }
  }

  /// Splits `NAME=VALUE` at its first equals sign.
  static func split(_ argument: String) throws(BenchError) -> (name: String, value: String) {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex,
      argument.index(after: equals) < argument.endIndex
    else { throw .unusable(argument: "'\(argument)'", reason: "expected NAME=VALUE") }
    return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
  }

  /// Reads shapes, each given as `NAME=1x3x224x224`.
  public static func shapes(_ arguments: [String]) throws(BenchError) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for argument in arguments {
      let (name, text) = try split(argument)
      let sizes = text == "scalar" ? [] : text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      let known = sizes.compactMap { $0 }
      guard known.count == sizes.count, known.allSatisfy({ $0 >= 0 }) else {
        throw .unusable(argument: "--shape \(argument)", reason: "expected sizes joined by x, such as 1x3x224x224")
      }
      guard shapes.updateValue(known, forKey: name) == nil else {
        throw .unusable(argument: "--shape \(argument)", reason: "input '\(name)' has a shape already")
      }
    }
    return shapes
  }
}

// MARK: - Images

extension ModelInputs {
  /// The name of the one input that takes an image, with its pre-processing; nil if the model takes none.
  public var image: (name: String, preprocessing: ImagePreprocessing)? {
    guard graph.inputs.count == 1, let input = graph.inputs.first,
      case .tensor(.float32, let shape?)? = graph[input].type, shape.rank == 4,
      shape[1].size ?? Image.channels == Image.channels
    else { return nil }
    let (height, width) = (shape[2].size ?? 224, shape[3].size ?? 224)
    guard ImagePreprocessing.cropSides.contains(height), ImagePreprocessing.cropSides.contains(width) else {
      return nil
    }
    return (graph[input].name, ImagePreprocessing(cropHeight: height, cropWidth: width))
  }

  /// The input made of an image's file.
  ///
  /// - Throws: `BenchError.unusable` if the model takes no image, another if the file cannot be read or holds none.
  public func image(contentsOf file: URL) throws(BenchError) -> [String: RuntimeValue] {
    let input = try requiredImage()
    return [input.name: .tensor(input.preprocessing(try Image(contentsOf: file)))]
  }

  /// The input made of an encoded image.
  ///
  /// - Throws: `BenchError.unusable` if the model takes no image, `.malformed` if the bytes are none.
  public func image(encoded: [UInt8], source: String) throws(BenchError) -> [String: RuntimeValue] {
    let input = try requiredImage()
    return [input.name: .tensor(input.preprocessing(try Image(encoded: encoded, source: source)))]
  }

  private func requiredImage() throws(BenchError) -> (name: String, preprocessing: ImagePreprocessing) {
    guard let image else {
      throw .unusable(argument: "--image", reason: "the model does not take one float image, [1x3xHEIGHTxWIDTH]")
    }
    return image
  }
}
