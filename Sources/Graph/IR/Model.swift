/// A graph with what its file says about it.
public struct Model: Sendable {
  /// The computation, with the file's functions inlined.
  public var graph: Graph
  /// Version of the file format.
  public var irVersion: Int
  /// Version of each operator set that the file uses; ONNX's own under the empty name.
  public var opsets: [String: Int]
  /// Who made the file, and more free text.
  public var producerName: String
  /// Version of who made the file.
  public var producerVersion: String
  /// The model's own domain, such as `org.example`.
  public var domain: String
  /// The model's own version.
  public var modelVersion: Int
  /// The file's documentation.
  public var documentation: String
  /// Key-value pairs of the file.
  public var metadata: [String: String]
  /// The file it was read from or the name it was built under, for messages.
  public var source: String
  /// The files it was read from: its own, then those of external data; none if it was built.
  package internal(set) var files: [SourceFile] = []

  /// Describes a graph.
  public init(
    graph: Graph, irVersion: Int = 8, opsets: [String: Int] = ["": 17], producerName: String = "swiftinfer",
    producerVersion: String = "", domain: String = "", modelVersion: Int = 0, documentation: String = "",
    metadata: [String: String] = [:], source: String = "model"
  ) {
    self.graph = graph
    self.irVersion = irVersion
    self.opsets = opsets
    self.producerName = producerName
    self.producerVersion = producerVersion
    self.domain = domain
    self.modelVersion = modelVersion
    self.documentation = documentation
    self.metadata = metadata
    self.source = source
  }
}
